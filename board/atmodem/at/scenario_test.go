package at

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write what the machine does into the scenario files; read the difference")

// answers is what a well-behaved modem says to the questions.
var answers = map[string][]string{
	"ATI": {"56000"}, "AT+GMI": {"+GMI: \"EXAMPLE\""}, "AT+GMM": {"Voice"}, "AT+GMR": {"1.0"},
	"AT+FCLASS=?": {"0,1,8"},
	"AT+VSM=?":    {`1,"UNSIGNED PCM",8,0,8000,0,0`, `131,"ULAW",8,0,8000,0,0`, `16,"SIGNED PCM",16,0,8000,0,0`},
}

// stage is a machine under a scenario.
type stage struct {
	t    *testing.T
	now  time.Time
	m    *Machine
	out  []Effect
	dec  Decoder
	half bool
}

// step steps and keeps what is to be done; arming and text are done to the decoder.
func (s *stage) step(ev Event) {
	from := len(s.out)
	s.out = s.m.Step(s.now, ev, s.out)
	for _, e := range s.out[from:] {
		switch e := e.(type) {
		case Send:
			if e.Arm {
				s.dec.Arm()
			}
		case Text:
			s.dec.ToText()
		}
	}
}

// says gives the machine bytes of the modem.
func (s *stage) says(b string) {
	for _, tok := range s.dec.Feed([]byte(b), nil) {
		if tok.Kind == Sound {
			s.step(Flowed{})
			continue
		}
		s.step(Got{tok})
	}
}

// pass lets time pass; deadlines fire on their instant.
func (s *stage) pass(d time.Duration) {
	end := s.now.Add(d)
	for {
		when, ok := s.m.Deadline()
		if !ok || when.After(end) {
			break
		}
		if when.After(s.now) {
			s.now = when
		}
		s.step(TimedOut{})
	}
	s.now = end
}

// ready brings the machine to life.
func (s *stage) ready() {
	s.pass(0)
	s.step(Opened{})
	s.answer()
	s.out = s.out[:0]
}

// answer answers every question until the machine is ready.
func (s *stage) answer() {
	s.says("\r\nOK\r\n")
	s.pass(SettleWait)
	for range 40 {
		if s.m.phase == up || s.m.phase == shut {
			return
		}
		for _, l := range answers[s.m.sent] {
			s.says("\r\n" + l + "\r\n")
		}
		if s.half && s.m.sent == "AT+VTR=?" {
			s.says("\r\nERROR\r\n")
			continue
		}
		s.says("\r\nOK\r\n")
	}
	s.t.Fatalf("not ready: %s, %s", s.m.Describe(), s.m.sent)
}

// do runs one line of a scenario.
func (s *stage) do(l string) error {
	word, rest, _ := strings.Cut(l, " ")
	switch word {
	case ">":
		switch text, err := strconv.Unquote(rest); {
		case err == nil:
			s.says(text)
		case rest == "opened":
			s.step(Opened{})
		case strings.HasPrefix(rest, "broken "):
			s.step(Broken{strings.TrimPrefix(rest, "broken ")})
		case rest == "seize":
			s.step(Seize{})
		case rest == "release":
			s.step(Release{})
		case rest == "flash":
			s.step(Flash{})
		case rest == "talk" || rest == "hush":
			s.step(Talk{rest == "talk"})
		case rest == "quit":
			s.step(Quit{})
		default:
			return fmt.Errorf("what is %q?", rest)
		}
	case "!":
		s.half = strings.Contains(rest, "half")
		switch {
		case strings.HasPrefix(rest, "ready"):
			s.ready()
		case strings.HasPrefix(rest, "answers"):
			s.answer()
		default:
			return fmt.Errorf("what is %q?", rest)
		}
	default:
		d, err := time.ParseDuration(strings.TrimPrefix(l, "+"))
		if err != nil {
			return err
		}
		s.pass(d)
	}
	return nil
}

// TestScenarios plays testdata/scenarios: "> " is what happens, "< " what must be
// done, "+" time that passes, "! ready" and "! answers" a modem that answers well.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := &stage{t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
			s.m = NewMachine(s.now, Options{Wide: true})
			var got strings.Builder
			for _, l := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
				switch {
				case strings.HasPrefix(l, "<"):
					continue
				case strings.TrimSpace(l) == "" || l[0] == '#':
					fmt.Fprintln(&got, l)
					continue
				}
				s.out = s.out[:0]
				if err := s.do(l); err != nil {
					t.Fatal(err)
				}
				fmt.Fprintln(&got, l)
				for _, e := range s.out {
					fmt.Fprintln(&got, "<", e)
				}
			}
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got.String() != string(text) {
				t.Errorf("the machine does otherwise than %s says:\n%s", file, got.String())
			}
		})
	}
}
