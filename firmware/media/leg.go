package media

import (
	"github.com/centralita/centralita/dsp/mix"
	"github.com/centralita/centralita/dsp/noise"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/firmware/media/player"
	"github.com/centralita/centralita/firmware/tel"
)

// leg is one party inside its shard.
type leg struct {
	id   tel.LegID
	home *shard // where its orders go; guarded by Engine.mu

	ep    Endpoint
	keyed KeyEndpoint   // nil when the endpoint has no events
	still QuietEndpoint // nil when it cannot know
	dials DialEndpoint  // nil when it sends no keys by itself

	said    pcm.Frame // what the far end said in this tick
	heard   pcm.Frame // what it hears
	ears    ears
	measure measure
	player  player.Player
	playing tel.PlayID
	behind  bool // the room is heard behind what is played
	muted   bool
	quiet   int // ticks of silence at which Silent was told last, 0 never
	comfort noise.Source
	room    *room
	limiter mix.Limiter

	passing passing
	keys    []keys
	sending sending
}

// newLeg makes all that a leg needs, so that no tick has to.
func newLeg(l Leg) *leg {
	made := &leg{id: l.ID, ep: l.Endpoint, comfort: newComfort(l.ID), ears: newEars(l.DTMF, l.Progress, l.AwaitDial)}
	made.keyed, _ = l.Endpoint.(KeyEndpoint)
	made.still, _ = l.Endpoint.(QuietEndpoint)
	made.dials, _ = l.Endpoint.(DialEndpoint)
	return made
}

// start begins to play.
func (l *leg) start(p Play) {
	l.player.Start(p.Parts)
	l.playing, l.behind = p.ID, p.Mix
}

// stop ends what is played and sent.
func (l *leg) stop() {
	l.player.Stop()
	l.keys = nil
	l.sending = sending{}
}

// hear reads 20 ms from the far end and looks for what is in it.
func (l *leg) hear(s *shard) {
	l.ep.Read(&l.said)
	if l.keyed != nil {
		l.ears.agreed = l.keyed.TakesKeys()
		for d, ok := l.keyed.NextKey(); ok; d, ok = l.keyed.NextKey() {
			l.passing.add(d)
			l.ears.event(s, l.id, d)
		}
	}
	l.ears.hear(s, l, l.room != nil && !l.player.Playing())
	if l.muted || l.ears.hush() {
		l.comfort.Fill(&l.said)
	}
	if l.still == nil {
		return
	}
	switch quiet := l.still.Quiet(); {
	case quiet < s.silent:
		l.quiet = 0
	case quiet >= l.quiet+s.silent: // and again, for a leg that was not up the last time
		l.quiet = quiet
		s.tell(Event{Kind: Silent, Leg: l.id})
	}
}

// say writes 20 ms to the far end: what is played, else the room.
func (l *leg) say(s *shard) {
	if l.player.Playing() {
		ended := l.player.Fill(&l.heard, s.clock)
		if l.behind && l.room != nil {
			var others pcm.Frame
			l.room.hear(l, &others)
			l.heard.Add(&others)
		}
		if ended {
			s.tell(Event{Kind: PlayDone, Leg: l.id, Play: l.playing})
		}
	} else if l.room != nil {
		l.room.hear(l, &l.heard)
	} else {
		l.heard = pcm.Frame{}
	}
	l.sendKeys(s)
	if l.ears.signals {
		l.ears.line.sent(s, l)
	}
	l.ep.Write(&l.heard)
}
