package app

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/media/portleg"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/hal/port/porttest"
)

// What a telephone is told can be read back from the message that is sent.
func TestATelephoneIsToldWhatTheLineMachineSays(t *testing.T) {
	at := time.Date(2026, 11, 28, 21, 5, 0, 0, time.UTC)
	day := cid.Date{Month: 11, Day: 28, Hour: 21, Minute: 5}
	for _, c := range []struct {
		what line.ID
		want cid.Info
	}{
		{line.ID{Number: "5551234", Name: tel.CleanText("Ana Peña"), At: at}, cid.Info{Type: cid.Call, Number: "5551234", Name: "Ana Peña", Date: day}},
		{line.ID{Number: "5551234", Absence: "P"}, cid.Info{Type: cid.Call, NoNumber: cid.Private}},
		{line.ID{}, cid.Info{Type: cid.Call, NoNumber: cid.Unavailable}},
		{line.ID{Waiting: true, Messages: 3, At: at}, cid.Info{Type: cid.Waiting, Lamp: cid.LampOn, Messages: 3, Date: day}},
		{line.ID{Waiting: true}, cid.Info{Type: cid.Waiting, Lamp: cid.LampOff}},
	} {
		raw, err := cid.Encode(message(c.what))
		if err != nil {
			t.Errorf("%+v: %v", c.what, err)
			continue
		}
		got, err := cid.Parse(raw)
		if err != nil || got.Number != c.want.Number || got.Name != c.want.Name || got.NoNumber != c.want.NoNumber ||
			got.Lamp != c.want.Lamp || got.Messages != c.want.Messages || got.Date != c.want.Date || got.Type != c.want.Type {
			t.Errorf("%+v is sent as %+v: %v", c.what, got, err)
		}
	}
}

func TestSendIDRefusesWhatTheCountryCannotSay(t *testing.T) {
	for country, refused := range map[string]bool{"BR": true, "US": false} {
		p, ok := plan.For(country)
		if !ok {
			t.Fatalf("no plan of %s", country)
		}
		pump, err := portleg.New(portleg.Config{
			Port: porttest.NewFake(port.Info{Name: "fxs1", Kind: port.FXS, Caps: port.Caps{OnHookAudio: true}}), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		a := &audio{plan: p, pumps: map[tel.PortID]*portleg.Pump{"F1": pump}}
		err = a.SendID("F1", 1, line.ID{Waiting: true, Messages: 1})
		if refused != (err != nil) || err != nil && !strings.Contains(err.Error(), "messages wait") {
			t.Errorf("%s: %v", country, err)
		}
		if err := a.SendID("F1", 2, line.ID{Number: "5551234"}); err != nil {
			t.Errorf("%s: %v", country, err)
		}
		if err := a.SendID("F9", 2, line.ID{Number: "5551234"}); err == nil {
			t.Errorf("%s: a port that there is not is told", country)
		}
	}
}
