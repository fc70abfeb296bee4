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
