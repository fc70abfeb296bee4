package acd

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

var update = flag.Bool("update", false, "write what the scenarios give as what they should give")

// TestScenarios plays testdata/*.txt: "queue" and "agent" lines set the house
// up, lines that begin with an instant are events, indented lines are the
// effects that must follow. Deadlines between two events are met on the way.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 8 {
		t.Fatalf("too few scenarios: %d %v", len(files), err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got, err := play(string(want))
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(f, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: what happens is not what is written; it gives\n%s", f, got)
			}
		})
	}
}

// play runs a scenario and returns it with the effects that really came.
func play(text string) ([]byte, error) {
	var out bytes.Buffer
	var cfg Settings
	var m *Machine
	start := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	show := func(at time.Time, ev Event) {
		for _, e := range m.Step(at, ev, nil) {
			s := e.String()
			if c, ok := e.(Changed); ok && c.Call != "" {
				s += " [" + string(c.Call) + "]"
			}
			fmt.Fprintf(&out, "\t%s\n", s)
		}
	}
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		f := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "\t"):
			continue
		case len(f) == 2 && f[1] == "timeout": // comes by itself
			continue
		case len(f) == 0 || f[0] == "#":
		case f[0] == "queue" || f[0] == "agent" || f[0] == "misses" || f[0] == "refusals":
			if err := setting(&cfg, f); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
		default:
			at, err := time.ParseDuration(f[0])
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			if m == nil {
				m = New(cfg)
			}
			now := start.Add(at)
			for d, ok := m.Deadline(); ok && !d.After(now); d, ok = m.Deadline() {
				fmt.Fprintf(&out, "%s timeout\n", d.Sub(start))
				show(d, TimedOut{})
			}
			out.WriteString(line + "\n")
			if f[1] == "describe" {
				for _, l := range strings.Split(strings.TrimSpace(m.Describe()), "\n") {
					fmt.Fprintf(&out, "\t%s\n", l)
				}
				continue
			}
			if f[1] == "reload" { // with other settings, or with the same
				if len(f) > 2 {
					cfg = Settings{}
				}
				for rest := f[2:]; len(rest) > 0; {
					n := 1
					for n < len(rest) && rest[n] != "agent" && rest[n] != "queue" {
						n++
					}
					if err := setting(&cfg, rest[:n]); err != nil {
						return nil, err
					}
					rest = rest[n:]
				}
				show(now, Reload{cfg})
				continue
			}
			ev, err := event(f[1:], start)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			show(now, ev)
			continue
		}
		out.WriteString(line + "\n")
	}
	return out.Bytes(), nil
}

func setting(cfg *Settings, f []string) (err error) {
	switch f[0] {
	case "misses":
		cfg.Misses, err = strconv.Atoi(f[1])
	case "refusals":
		cfg.Refusals, err = strconv.Atoi(f[1])
	case "agent":
		a := AgentSettings{ID: tel.AgentID(f[1])}
		for _, q := range f[2:] {
			a.Queues = append(a.Queues, tel.QueueID(q))
		}
		cfg.Agents = append(cfg.Agents, a)
	case "queue":
		q := QueueSettings{ID: tel.QueueID(f[1])}
		for i := 2; i+1 < len(f); i += 2 {
			if f[i] == "full" {
				q.MaxCallers, err = strconv.Atoi(f[i+1])
				continue
			}
			d, e := time.ParseDuration(f[i+1])
			if e != nil {
				return e
			}
			switch f[i] {
			case "ring":
				q.Ring = d
			case "backoff":
				q.Backoff = d
			case "acw":
				q.ACW = d
			case "max":
				q.MaxWait = d
			case "announce":
				q.Announce = d
			default:
				return fmt.Errorf("no setting %s", f[i])
			}
		}
		cfg.Queues = append(cfg.Queues, q)
	}
	return err
}

func event(f []string, start time.Time) (Event, error) {
	arg := func(i int) string {
		if i < len(f) {
			return f[i]
		}
		return ""
	}
	who := tel.AgentID(arg(1))
	id, _ := strconv.ParseUint(arg(1), 10, 64)
	no := tel.OfferID(id)
	switch f[0] {
	case "joined":
		e := Joined{Call: tel.CallID(f[1]), Queue: tel.QueueID(f[2])}
		if arg(3) == "since" {
			d, err := time.ParseDuration(arg(4))
			if err != nil {
				return nil, err
			}
			e.Since = start.Add(d)
		}
		return e, nil
	case "left":
		return Left{Call: tel.CallID(f[1]), Cause: tel.CauseAbandoned}, nil
	case "login":
		return Login{Agent: who, Ext: tel.Number(f[2]), Ready: arg(3) == "ready", By: tel.ByAgent}, nil
	case "logout":
		return Logout{Agent: who, By: tel.ByAgent}, nil
	case "pause":
		return Pause{Agent: who, Reason: arg(2), By: tel.ByAgent}, nil
	case "unpause":
		return Unpause{Agent: who, By: tel.ByAgent}, nil
	case "phone":
		e := Phone{Ext: tel.Number(f[1])}
		switch arg(2) {
		case "up":
			e.Up = true
		case "busy":
			e.Up, e.Busy, e.Why = true, true, "off hook"
		case "down":
			e.Why = "not registered"
		default:
			return nil, fmt.Errorf("phone is up, busy or down, not %s", arg(2))
		}
		return e, nil
	case "accepted":
		return Accepted{no}, nil
	case "connected":
		return Connected{no}, nil
	case "released":
		return Released{no}, nil
	case "refused":
		return Declined{no, tel.CauseRefused}, nil
	case "failed":
		return Declined{no, tel.CauseLost}, nil
	}
	return nil, fmt.Errorf("no event %s", f[0])
}
