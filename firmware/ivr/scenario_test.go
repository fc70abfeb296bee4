package ivr_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/ivr"
	"github.com/centralita/centralita/firmware/ivr/flow"
	"github.com/centralita/centralita/firmware/tel"
)

var update = flag.Bool("update", false, "write the effects seen into the scenario files; read them before committing")

// extensions can be dialled in every scenario.
var extensions = []tel.Number{"101", "102", "201", "202", "5", "55", "5512"}

// document reads testdata/office.yaml: schedules and flows.
func document(tb testing.TB) (map[string]*flow.Flow, []flow.Schedule) {
	tb.Helper()
	data, err := os.ReadFile("testdata/office.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	sink := place.NewSink("testdata/office.yaml")
	root := sink.Fields(place.Parse(sink, data), place.At{}, "document")
	var schedules []flow.Schedule
	for _, n := range root.List("schedules") {
		schedules = append(schedules, flow.ParseSchedule(sink, n, time.UTC))
	}
	refs := flow.Refs{Queues: []tel.QueueID{"ventas", "soporte"}, Extensions: extensions, Operator: true, Schedules: schedules}
	flows := map[string]*flow.Flow{}
	for _, n := range root.List("flows") {
		f := flow.Parse(sink, n)
		flow.Check(sink, f, refs)
		flows[f.Name] = f
	}
	root.Done()
	for _, p := range sink.Problems() {
		tb.Error(p)
	}
	return flows, schedules
}

// environment is what the flows of the scenarios find around them.
func environment(tb testing.TB, schedules []flow.Schedule) ivr.Env {
	tb.Helper()
	zone, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		tb.Fatal(err)
	}
	return ivr.Env{Schedules: schedules, Lang: tel.Spanish, Extensions: extensions, Operator: "101", Location: zone}
}

// scenario is one file: prose; "call FLOW on DATE"; lines "HH:MM:SS EVENT";
// "----"; the effects with their times.
type scenario struct {
	head   string // up to and with "----"
	flow   string
	day    time.Time
	events []line
	want   string
}

type line struct {
	at    time.Time
	words []string
}

func readScenario(t *testing.T, file string, zone *time.Location) scenario {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, want, ok := strings.Cut(string(data), "----\n")
	if !ok {
		t.Fatalf("%s has no ---- line", file)
	}
	s := scenario{head: head, want: want}
	for _, l := range strings.Split(head, "\n") {
		words := strings.Fields(l)
		if len(words) == 4 && words[0] == "call" && words[2] == "on" {
			s.flow = words[1]
			if s.day, err = time.ParseInLocation(time.DateOnly, words[3], zone); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if len(words) < 2 {
			continue
		}
		if at, err := time.ParseInLocation(time.DateOnly+" 15:04:05", s.day.Format(time.DateOnly)+" "+words[0], zone); err == nil {
			s.events = append(s.events, line{at, words[1:]})
		}
	}
	return s
}

// runner steps a machine and writes down what it does, a deadline always in time.
type runner struct {
	m    *ivr.Machine
	out  bytes.Buffer
	last tel.PlayID
}

func (r *runner) step(at time.Time, ev ivr.Event) {
	for _, e := range r.m.Step(at, ev, nil) {
		if p, ok := e.(ivr.Play); ok {
			r.last = p.ID
		}
		fmt.Fprintf(&r.out, "%s %s\n", at.Format("15:04:05.000"), e)
	}
}

func (r *runner) until(at time.Time) {
	for {
		d, ok := r.m.Deadline()
		if !ok || d.After(at) {
			return
		}
		fmt.Fprintf(&r.out, "%s (time is up)\n", d.Format("15:04:05.000"))
		r.step(d, ivr.TimedOut{})
	}
}

func (r *runner) run(t *testing.T, l line) {
	t.Helper()
	r.until(l.at)
	rest := strings.Join(l.words[1:], " ")
	switch l.words[0] {
	case "start":
		r.step(l.at, ivr.Start{})
	case "key", "keys":
		for _, c := range rest {
			r.step(l.at, ivr.Digit{Digit: tel.Digit(c)})
		}
	case "played":
		id := r.last
		if rest != "" {
			if _, err := fmt.Sscan(rest, &id); err != nil {
				t.Fatal(err)
			}
		}
		r.step(l.at, ivr.Played{ID: id})
	case "returned":
		r.step(l.at, ivr.Returned{Cause: tel.Cause(rest)})
	case "wait":
	case "describe":
		fmt.Fprintf(&r.out, "%s %s\n", l.at.Format("15:04:05.000"), r.m.Describe())
	default:
		t.Fatalf("%q is no event", l.words[0])
	}
}

func TestScenarios(t *testing.T) {
	flows, schedules := document(t)
	env := environment(t, schedules)
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no scenarios", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			s := readScenario(t, file, env.Location)
			if flows[s.flow] == nil {
				t.Fatalf("there is no flow %q", s.flow)
			}
			r := &runner{m: ivr.New(flows[s.flow], env)}
			for _, l := range s.events {
				r.run(t, l)
			}
			fmt.Fprintf(&r.out, "path %s\n", strings.Join(r.m.Path(), " "))
			if *update {
				if err := os.WriteFile(file, []byte(s.head+"----\n"+r.out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if r.out.String() != s.want {
				t.Errorf("%s\ngot:\n%swant:\n%s", file, r.out.String(), s.want)
			}
		})
	}
}
