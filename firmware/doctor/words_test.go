package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/hal/port"
)

// A measurement that never answers is told in the language of who reads it.
func TestNoAnswerIsToldInBothLanguages(t *testing.T) {
	m := New(start, Settings{Name: "L1", Info: port.Info{Caps: port.Caps{OnHookAudio: true}}})
	m.Step(start, Begin{}, nil)
	at, _ := m.Deadline()
	out := m.Step(at, TimedOut{}, nil)
	r := out[len(out)-1].(Done).Report
	if r.Aborted != "no answer while listening on hook" || r.AbortedES != "sin respuesta: escuchando con la línea colgada" {
		t.Errorf("%q, %q", r.Aborted, r.AbortedES)
	}
	for s := waiting; s <= over; s++ {
		m.step = s
		en, es := m.Describe(), m.describe()
		if en == "" || es == "" || strings.EqualFold(en, es) {
			t.Errorf("step %d is %q and %q", s, en, es)
		}
	}
	if d := at.Sub(start); d > 10*time.Second {
		t.Errorf("it waited %s", d)
	}
}

// Where the bell comes last, a reversal or caller id on hook is somebody who calls:
// the line is not seized under him.
func TestAnnouncedCallerComesFirst(t *testing.T) {
	for _, ev := range []port.Event{port.Polarity{Reversed: true}, port.CallerID{Number: "600123456"}} {
		m := New(start, Settings{Name: "L1", Info: port.Info{Caps: port.Caps{OnHookAudio: true, Polarity: true}}})
		m.Step(start, Begin{}, nil)
		out := m.Step(start.Add(time.Second), Wire{ev}, nil)
		if len(out) != 1 {
			t.Fatalf("%s: %v", ev, out)
		}
		if r := out[0].(Done).Report; r.Aborted != "somebody calls" || r.AbortedES != "alguien llama" {
			t.Errorf("%s: %q, %q", ev, r.Aborted, r.AbortedES)
		}
	}
}
