package app

import (
	"strings"
	"testing"

	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/tel"
)

func TestALineIsHeardByItsCountryAndByWhatItTaught(t *testing.T) {
	mx, _ := plan.For("MX")
	p, err := taught(mx, []string{"600@-14 300/400", "no signal", "425@-10 200/200", "also none"})
	if err == nil || !strings.Contains(err.Error(), "no signal") || !strings.Contains(err.Error(), "also none") {
		t.Errorf("what cannot be read is told as %v", err)
	}
	if s := p.Signal(plan.Disconnect).String(); s != "600@-14 300/400" {
		t.Errorf("disconnect is %s", s)
	}
	last := p.Others[len(p.Others)-1]
	if len(p.Others) != len(mx.Others)+1 || last.Kind != plan.Disconnect || last.Signal.String() != "425@-10 200/200" {
		t.Errorf("others are %v", p.Others)
	}
	if mx.Signal(plan.Disconnect).Known() {
		t.Error("the country's own plan changed")
	}
}

func TestEverythingHeardReachesTheExchange(t *testing.T) {
	got := heard([]media.Event{
		{Kind: media.Tone, Leg: 1, Tone: plan.Disconnect, Ended: true, Sure: 0.9, Evidence: "e"},
		{Kind: media.Tone, Leg: 1, Tone: plan.Info},
		{Kind: media.Strange, Leg: 2, Signal: "600@-14 300/400", Periods: 3, Sure: 0.8, Evidence: "s"},
		{Kind: media.Voice, Leg: 3, Far: true},
		{Kind: media.Fax, Leg: 4, Calling: true},
		{Kind: media.Silent, Leg: 5},
	})
	want := []exchange.Event{
		exchange.OnTone{Leg: 1, Tone: tel.ToneDisconnect, Ended: true, Sure: 0.9, Evidence: "e"},
		exchange.OnTone{Leg: 1, Tone: tel.ToneInfo},
		exchange.OnStrange{Leg: 2, Signal: "600@-14 300/400", Periods: 3, Sure: 0.8, Evidence: "s"},
		exchange.OnVoice{Leg: 3, Far: true},
		exchange.OnFax{Leg: 4, Calling: true},
		exchange.OnSilent{Leg: 5},
	}
	for i, w := range want {
		if i >= len(got) || got[i] != w {
			t.Errorf("got %#v, want %#v", got, w)
		}
	}
}
