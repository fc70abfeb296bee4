package dtmf

import (
	"strings"
	"testing"

	"github.com/centralita/centralita/dsp/pcm"
)

// Q.23: sixteen keys, each of one low and one high frequency.
func TestQ23EveryKey(t *testing.T) {
	var g Generator
	if err := g.Start(allKeys, Usual()); err != nil {
		t.Fatal(err)
	}
	var d Detector
	var ev []Event
	for g.Sending() {
		var f pcm.Frame
		g.Fill(&f)
		ev = d.Process(&f, ev)
	}
	if got := digitsOf(ev); got != allKeys {
		t.Fatalf("heard %q, want %q", got, allKeys)
	}
	for i, e := range ev {
		want := int64(160*(i/2) + 80*(i%2))
		if e.At < want-5 || e.At > want+5 || e.Down != (i%2 == 0) {
			t.Errorf("event %d is %+v, want it at %d ms", i, e, want)
		}
	}
}

func TestSpecErrors(t *testing.T) {
	for digits, want := range map[string]string{"12x": `'x' at place 3`, "ñ": "is not a key"} {
		if _, err := Spec(digits, Usual()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", digits, err)
		}
	}
	if _, err := Spec("1", Sending{OnMs: -1, OffMs: 50}); err == nil {
		t.Error("a tone of −1 ms was taken")
	}
}

func TestNoAllocations(t *testing.T) {
	r := rng(1)
	frames := signal(nil).send("12", plain, &r).frames()
	var d Detector
	ev := make([]Event, 0, 64)
	i := 0
	n := testing.AllocsPerRun(300, func() {
		ev = d.Process(&frames[i%len(frames)], ev[:0])
		i++
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
