package media

import (
	"fmt"

	"github.com/centralita/centralita/dsp/fax"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/progress"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/dsp/vad"
	"github.com/centralita/centralita/firmware/tel"
)

// voiceHangover is how long a voice must be quiet to be over, in milliseconds.
const voiceHangover = 300

// lineEar hears what a line tells beside keys: the exchange's signals, those
// that no plan knows, fax machines, and who speaks. Each detector runs once a
// tick, on what came from the line.
type lineEar struct {
	detector *progress.Detector
	found    [4]progress.Event
	active   bool // a signal was told and is not over
	signal   plan.Kind
	began    int64 // ms of audio before the detector's first sample
	ms       int64 // of audio heard

	stranger stranger
	fax      fax.Detector
	carriers [4]fax.Event
	calling  bool // the calling tone was told
	answered bool // the answer tone was told

	far, near         vad.Detector
	farOn, nearOn     bool // now
	saidFar, saidNear bool // as last told
	clear             int  // ms of a far voice in which no tone of the exchange sounded
	saidSpeech        bool
}

// speechAfter is how long, in milliseconds, something must sound that is no tone
// of the exchange to be speech: a tone is recognised sooner.
const speechAfter = 600

// newLineEar returns what listens by a plan; awaitDial tells that nothing has
// been dialled yet.
func newLineEar(p *plan.Plan, awaitDial bool) *lineEar {
	g := &lineEar{
		detector: progress.New(*p), stranger: stranger{plan: p},
		far: vad.New(vad.Config{Hangover: voiceHangover}), near: vad.New(vad.Config{Hangover: voiceHangover}),
	}
	g.detector.AwaitDial = awaitDial
	return g
}

// hear looks at 20 ms from the line; key tells that a key sounds.
func (g *lineEar) hear(s *shard, l *leg, key bool) {
	f := &l.said
	for _, e := range g.detector.Process(f, g.found[:0]) {
		g.active, g.signal = !e.Ended, e.Kind
		s.tell(Event{Kind: Tone, Leg: l.id, Tone: e.Kind, Ended: e.Ended, At: g.began + e.At, Sure: e.Sure, Evidence: e.String()})
	}
	g.ms += pcm.FrameTime
	if found, ok := g.stranger.hear(f, g.active); ok {
		s.tell(strangeEvent(l.id, found))
	}
	for _, e := range g.fax.Process(f[:], g.carriers[:0]) {
		calling := e.Kind == fax.CNG
		told := &g.answered
		if calling {
			told = &g.calling
		}
		if !*told {
			*told = true
			s.tell(Event{Kind: Fax, Leg: l.id, Calling: calling})
		}
	}
	if g.farOn = g.far.Frame(f); g.farOn && !g.active && !key {
		l.measure.in.add(f)
	}
	if g.clear += pcm.FrameTime; !g.farOn || key || g.detector.Sounding() {
		g.clear = 0
	}
}

// sent looks at 20 ms that go to the line, and tells who speaks when that changed.
func (g *lineEar) sent(s *shard, l *leg) {
	if g.nearOn = g.near.Frame(&l.heard); g.nearOn {
		l.measure.out.add(&l.heard)
	}
	if speech := g.clear >= speechAfter; g.farOn != g.saidFar || g.nearOn != g.saidNear || speech != g.saidSpeech {
		g.saidFar, g.saidNear, g.saidSpeech = g.farOn, g.nearOn, speech
		s.tell(Event{Kind: Voice, Leg: l.id, Far: g.farOn, Near: g.nearOn, Speech: speech})
	}
}

// hush reports whether the line sends a signal that is for us and for nobody
// who talks. Ringback and an announcement's three tones are for people.
func (g *lineEar) hush() bool {
	return g.active && g.signal != plan.Ringback && g.signal != plan.Info
}

// reset forgets the signals that were heard.
func (g *lineEar) reset() {
	g.detector.Reset()
	g.stranger.learner.Reset()
	g.began, g.active = g.ms, false
}

// dialled takes note that we sent keys: what comes now is no dial tone of before.
func (g *lineEar) dialled() {
	g.detector.AwaitDial = false
	g.reset()
}

func strangeEvent(id tel.LegID, l progress.Learned) Event {
	text := l.Signal.String()
	return Event{Kind: Strange, Leg: id, Signal: text, Periods: l.Periods, Sure: l.Sure,
		Evidence: fmt.Sprintf("unknown tone %s, %d periods", text, l.Periods)}
}
