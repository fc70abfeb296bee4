package app

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/exchange"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/port"
)

// AttachPort implements exchange.Media.
func (a *audio) AttachPort(call tel.CallID, id tel.LegID, p tel.PortID, hear exchange.Hear) error {
	pump := a.pumps[p]
	if pump == nil {
		return fmt.Errorf("cannot use the audio of port %s: there is no such port", p)
	}
	l := media.Leg{ID: id, Call: call, Endpoint: pump.Leg(), DTMF: true}
	if pump.Kind() == port.FXO {
		known, err := taught(a.planOf(p), hear.Learned)
		if err != nil {
			a.log.Warn("a learned signal is not listened for", "port", p, "err", err)
		}
		l.Progress, l.AwaitDial = &known, hear.Dials
	}
	return a.engine.Attach(l)
}

// planOf is the plan of a line's country.
func (a *audio) planOf(p tel.PortID) plan.Plan {
	if tones, ok := (*a.lines.Load())[p]; ok {
		return tones
	}
	return a.plan
}

// plans are the plans of the site, by the empty name, and of each line.
func plans(cfg *config.Config) (map[tel.PortID]plan.Plan, error) {
	out := map[tel.PortID]plan.Plan{}
	find := func(what string, id tel.PortID, country string) error {
		tones, ok := plan.For(country)
		if !ok {
			return fmt.Errorf("cannot play tones of country %q of %s: no plan; the plans are %v", country, what, plan.Countries())
		}
		out[id] = tones
		return nil
	}
	err := find("the site", "", cfg.Site.Country)
	for _, l := range cfg.Lines {
		err = errors.Join(err, find("line "+string(l.ID), l.ID, l.Country))
	}
	return out, err
}

// taught is the country's plan with what a line taught: how it tells that the far
// end has hung up. What cannot be read is left out, and the error says which.
func taught(p plan.Plan, learned []string) (plan.Plan, error) {
	p.Others = slices.Clone(p.Others)
	var failed error
	for _, text := range learned {
		s, err := plan.ParseSignal(text)
		switch {
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("cannot learn %q: %w", text, err))
		case !p.Signal(plan.Disconnect).Known():
			p.Signals[plan.Disconnect] = s
		default:
			p.Others = append(p.Others, plan.Other{Kind: plan.Disconnect, Signal: s})
		}
	}
	return p, failed
}

// tones of the plan by the exchange's names.
var tones = map[tel.Tone]plan.Kind{
	tel.ToneDial: plan.Dial, tel.ToneRingback: plan.Ringback, tel.ToneBusy: plan.Busy,
	tel.ToneCongestion: plan.Congestion, tel.ToneHowler: plan.Howler, tel.ToneConfirm: plan.Confirm,
	tel.ToneInfo: plan.Info, tel.ToneUnobtainable: plan.Unobtainable, tel.ToneDisconnect: plan.Disconnect,
}

// toneNames are the exchange's names by the plan's.
var toneNames = func() (names [plan.NumKinds]tel.Tone) {
	for name, kind := range tones {
		names[kind] = name
	}
	return names
}()

// heard translates what a tick noticed.
func heard(evs []media.Event) []exchange.Event {
	out := make([]exchange.Event, 0, len(evs))
	for _, ev := range evs {
		switch ev.Kind {
		case media.Digit:
			out = append(out, exchange.OnDigit{Leg: ev.Leg, Digit: ev.Digit, InBand: ev.InBand})
		case media.PlayDone:
			out = append(out, exchange.OnPlayed{Leg: ev.Leg, ID: ev.Play})
		case media.Tone:
			out = append(out, exchange.OnTone{Leg: ev.Leg, Tone: toneNames[ev.Tone], Ended: ev.Ended, Sure: ev.Sure, Evidence: ev.Evidence})
		case media.Strange:
			out = append(out, exchange.OnStrange{Leg: ev.Leg, Signal: ev.Signal, Periods: ev.Periods, Sure: ev.Sure, Evidence: ev.Evidence})
		case media.Voice:
			out = append(out, exchange.OnVoice{Leg: ev.Leg, Far: ev.Far, Near: ev.Near, Speech: ev.Speech})
		case media.Fax:
			out = append(out, exchange.OnFax{Leg: ev.Leg, Calling: ev.Calling})
		case media.Silent:
			out = append(out, exchange.OnSilent{Leg: ev.Leg})
		}
	}
	return out
}

// Measured implements exchange.Media.
func (a *audio) Measured(id tel.LegID) (view.Leg, bool) {
	a.mu.Lock()
	codec := ""
	if s := a.sip[id]; s != nil {
		codec = s.codec
	}
	a.mu.Unlock()
	m, ok := a.engine.Stats(id)
	return view.Leg{
		Codec: codec, Received: m.Received, Lost: uint64(max(m.Lost, 0)), Late: m.Late, Concealed: m.Concealed,
		JitterMS: milliseconds(m.Jitter), LevelIn: tenths(m.LevelIn), LevelOut: tenths(m.LevelOut),
		ERL: tenths(m.ERL), ERLE: tenths(m.ERLE), EchoMS: milliseconds(m.Echo), TwistDB: tenths(m.Twist), DriftPPM: m.DriftPPM,
	}, ok
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// tenths rounds decibels to what can be told.
func tenths(dB float64) float64 { return math.Round(10*dB) / 10 }
