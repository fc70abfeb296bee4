package line

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/hal/port"
)

// aProfile has every field filled.
func aProfile() Profile {
	return Profile{
		Line: "L1", Frozen: true, Calls: 12, Evidence: []Count{{SignBattery, 3}, {SignBusy, 9}},
		Tones: []LearnedSignal{{"450@-12 350/350", 2, t0, t0.Add(time.Hour)}},
		Ring:  Trait{"1500/3000", 9, "2000/4000", 1}, CallerID: Trait{Value: "v23", Seen: 7}, IDFirst: 1, NoID: 2,
		DialTone: Trait{Value: "425", Seen: 4}, DropMS: 500, DipMS: 30, Dips: 1,
		LevelIn: Gauge{-18.25, 9, -30, 1}, LevelOut: Gauge{Mean: -15, Seen: 9}, ERL: Gauge{Mean: 14.5, Seen: 9}, Twist: Gauge{Mean: -1.5, Seen: 3},
		Changes: []Change{{t0, "dial tone is 350+450 Hz instead of 425"}},
		Tuning:  &Tuning{-20, 10, "600r"},
	}
}

func TestProfileLosesNothing(t *testing.T) {
	for _, p := range []Profile{{}, aProfile()} {
		got, err := ParseProfile(p.Text())
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%v\n%+v\n%+v", err, got, p)
		}
	}
	v := reflect.ValueOf(aProfile())
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("the test's profile has no %s", v.Type().Field(i).Name)
		}
	}
}

func TestProfileErrorsNameThePlace(t *testing.T) {
	whole := string(aProfile().Text())
	for name, c := range map[string]struct{ text, want string }{
		"nothing":          {"", "it is empty"},
		"half a file":      {whole[:len(whole)/2], "it breaks off at 34:"},
		"another document": {"phones:\n", "at 1:1: invalid character 'p'"},
		"unknown field":    {strings.Replace(whole, `"dips"`, `"dups"`, 1), `at 41:3: there is no field "dups"`},
		"wrong kind":       {strings.Replace(whole, `"dips": 1`, `"dips": "one"`, 1), "at 41:15: dips cannot be a string"},
		"behind the end":   {whole + "x", `"x" follows its end`},
		"no sign":          {strings.Replace(whole, `"busy tone"`, `"music"`, 1), `evidence[1].sign: there is no sign "music"`},
		"no count":         {strings.Replace(whole, `"seen": 9`, `"seen": 0`, 1), `evidence[1].seen: 0 is no count`},
		"no signal":        {strings.Replace(whole, `450@-12 350/350`, `beep`, 1), `tones[0].signal: "beep" is no signal`},
		"less than none":   {strings.Replace(whole, `"drop_ms": 500`, `"drop_ms": -1`, 1), `drop_ms: -1 is less than nothing`},
	} {
		if _, err := ParseProfile([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "cannot read the line profile") {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func FuzzProfile(f *testing.F) {
	f.Add(aProfile().Text())
	f.Add([]byte(`{"tones":[{"signal":"1+2/3","seen":1}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParseProfile(text)
		if err != nil {
			return
		}
		again, err := ParseProfile(p.Text())
		if err != nil || !bytes.Equal(again.Text(), p.Text()) {
			t.Fatalf("%v\n%s\n%s", err, p.Text(), again.Text())
		}
		m := NewFXO(t0, Settings{Profile: p})
		m.Step(t0, wire(port.RingOn{}), nil)
	})
}

// Two calls that end with the same unknown tone, whoever noticed it, teach it.
func TestTwoExamplesTeachATone(t *testing.T) {
	l := NewFXO(t0, Settings{Caps: full})
	day := 0
	call := func(end func(now time.Time)) {
		day++
		at := func(d time.Duration) time.Time { return t0.Add(time.Duration(day)*24*time.Hour + d) }
		l.Step(at(0), wire(port.RingOn{}), nil)
		l.Step(at(ringDebounce), TimedOut{}, nil)
		l.Step(at(time.Second), wire(port.RingOff{}), nil)
		l.Step(at(2*time.Second), wire(port.CallerID{Number: "1", Standard: "v23"}), nil)
		l.Step(at(2*time.Second), Answer{}, nil)
		l.Step(at(2200*ms), TimedOut{}, nil)
		end(at(10 * time.Second))
		for s, _ := l.State(); s != Idle && s != Blocked; s, _ = l.State() {
			due, ok := l.Deadline()
			if !ok {
				t.Fatal("stuck in " + s.String())
			}
			l.Step(due, TimedOut{}, nil)
		}
	}
	call(func(now time.Time) { // our side hears it and hangs up
		l.Step(now, Strange{Signal: "450@-12 350/350", Periods: 3, Sure: 0.9}, nil)
		l.Step(now.Add(time.Second), HangUp{}, nil)
	})
	if got := l.Known(); got != nil {
		t.Fatalf("one example taught %v", got)
	}
	call(func(now time.Time) { // the exchange drops the loop while it sounds
		l.Step(now.Add(-3*time.Second), Strange{Signal: "455@-14 340/360", Periods: 1, Sure: 0.9}, nil)
		now = now.Add(-2 * time.Second)
		l.Step(now.Add(time.Second), wire(port.Battery{}), nil)
		l.Step(now.Add(1050*ms), TimedOut{}, nil)
		l.Step(now.Add(1300*ms), wire(port.Battery{On: true}), nil)
	})
	if got := fmt.Sprint(l.Known()); got != "[450@-12 350/350]" {
		t.Errorf("two examples taught %s", got)
	}
	p := l.Profile()
	if p.Calls != 2 || p.CallerID.Value != "v23" || p.CallerID.Seen != 2 || p.DropMS != 300 {
		t.Errorf("learned %+v", p)
	}
	l.Step(t0, Freeze{On: true}, nil)
	before := string(l.Profile().Text())
	call(func(now time.Time) {
		l.Step(now, HangUp{}, nil)
	})
	if got := string(l.Profile().Text()); got != before {
		t.Errorf("a frozen profile grew:\n%s", got)
	}
}

// A line that shows another character is taken out, said so, and learned anew; a
// frozen profile stays, but the change is told.
func TestChangedCharacter(t *testing.T) {
	for name, c := range map[string]struct {
		known Profile
		show  func(l *FXO, now time.Time)
		times int
		want  string
	}{
		"caller id": {Profile{CallerID: Trait{Value: "v23", Seen: 5}}, func(l *FXO, now time.Time) {
			l.Step(now, wire(port.CallerID{Number: "1", Standard: "dtmf"}), nil)
		}, 2, "caller id comes by dtmf instead of v23"},
		"dial tone": {Profile{DialTone: Trait{Value: "425", Seen: 5}}, func(l *FXO, now time.Time) {
			l.learnDialTone(now, hzOf("dial tone 350+440 Hz continuous"))
		}, 2, "dial tone is 350+450 Hz instead of 425"},
		"bell": {Profile{Ring: Trait{Value: "1500/3000", Seen: 5}}, func(l *FXO, now time.Time) {
			l.Step(now, wire(port.RingOn{}), nil)
			l.Step(now.Add(ringDebounce), TimedOut{}, nil)
			l.Step(now.Add(2*time.Second), wire(port.RingOff{}), nil)
			l.Step(now.Add(6*time.Second), wire(port.RingOn{}), nil)
		}, 3, "the bell rings 2000/4000 ms instead of 1500/3000"},
		"level": {Profile{LevelIn: Gauge{Mean: -18, Seen: 8}}, func(l *FXO, now time.Time) {
			l.Step(now, Measured{Levels{In: -30}}, nil)
		}, 4, "speech from the line is -30 dB instead of -18"},
	} {
		for _, frozen := range []bool{false, true} {
			c.known.Frozen = frozen
			l := NewFXO(t0, Settings{Profile: c.known})
			var told []string
			for i := range c.times {
				now := t0.Add(time.Duration(i+1) * time.Hour)
				c.show(l, now)
				for n := 0; n < 20; n++ {
					due, ok := l.Deadline()
					if !ok || due.After(now.Add(30*time.Second)) {
						break
					}
					for _, e := range l.Step(due, TimedOut{}, nil) {
						if a, ok := e.(Anomaly); ok {
							told = append(told, a.What)
						}
					}
				}
				if i < c.times-1 && len(told) > 0 {
					t.Errorf("%s: told after %d", name, i+1)
				}
			}
			if l.state == Idle { // it was told out of any call: the next event of the line tells
				l.Step(t0.Add(9*time.Hour), wire(port.RingOn{}), nil)
				l.Step(t0.Add(9*time.Hour+ms), wire(port.RingOff{}), nil)
				due, _ := l.Deadline()
				for _, e := range l.Step(due, TimedOut{}, nil) {
					if a, ok := e.(Anomaly); ok {
						told = append(told, a.What)
					}
				}
			}
			if fmt.Sprint(told) != "[changed character: "+c.want+"]" || l.Fault() != FaultCharacter {
				t.Errorf("%s, frozen %t: told %q, fault %q", name, frozen, told, l.Fault())
			}
			p := l.Profile()
			if kept := len(p.Changes) > 0; kept == frozen {
				t.Errorf("%s, frozen %t: kept %v", name, frozen, p.Changes)
			}
		}
	}
}

func TestSignals(t *testing.T) {
	for text, want := range map[string]string{
		"425@-10 200/200": "[425] [200 200] 400", "350+440@-13": "[350 440] [] 0", "425@-10 200/200/200/600": "[425] [200 200 200 600] 1200", "424.6@-10.5 200/200 once": "[425] [200 200] 400",
		"": "", "425@-10 200": "", "x": "", "425@-10 200/x": "", "950>1400>1800@-10 330/30": "", "NaN": "", "1e9": "",
	} {
		s, ok := parseSignal(text)
		if got := fmt.Sprint(s.hz, " ", s.onOff, " ", s.period()); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %s %t", text, got, ok)
		}
	}
}
