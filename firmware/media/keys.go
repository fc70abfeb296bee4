package media

import (
	"strings"

	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/firmware/tel"
)

// Times of keys that we send, in ticks: 100 ms on and 100 ms off are well
// within what every receiver takes (ITU-T Q.24: at least 40 and 40).
const (
	keyOn    = 5
	keyOff   = 5
	keyPause = 50 // a comma
)

// allKeys are the keys in the order of keyTones.
const allKeys = "0123456789*#ABCD"

// keyTones are the tones of all keys, made once so that no tick has to.
var keyTones = makeKeyTones()

func makeKeyTones() (t [len(allKeys)]tone.Spec) {
	usual := dtmf.Usual()
	level := [2]float64{usual.Low, usual.High}
	for i := range t {
		low, high, _ := dtmf.Frequencies(allKeys[i])
		t[i] = tone.Spec{Repeat: tone.Once, Segments: []tone.Segment{{
			Partials: []tone.Partial{{Hz: low, DBm0: level[0]}, {Hz: high, DBm0: level[1]}},
			Samples:  tone.Ms(keyOn * pcm.FrameTime),
		}}}
	}
	return t
}

// startKey makes p sound a key for keyOn ticks.
func startKey(p *tone.Player, d tel.Digit) {
	if i := strings.IndexByte(allKeys, byte(d)); i >= 0 {
		p.Start(keyTones[i])
	}
}

// keys is one request to send keys.
type keys struct {
	id   tel.PlayID
	text string
}

// sending is where the first request of a leg stands.
type sending struct {
	at   int // keys of the text that are done
	wait int // ticks until the next may begin
	tone tone.Player
}

// sendKeys goes on with the keys for the far end; a tone replaces what is heard.
func (l *leg) sendKeys(s *shard) {
	if len(l.keys) == 0 {
		return
	}
	for l.sending.wait == 0 {
		k := &l.keys[0]
		if l.sending.at == len(k.text) {
			s.tell(Event{Kind: PlayDone, Leg: l.id, Play: k.id})
			l.keys = append(l.keys[:0], l.keys[1:]...)
			l.sending = sending{}
			return
		}
		l.sendKey(k.text[l.sending.at])
		l.sending.at++
	}
	l.sending.wait--
	if l.sending.tone.Playing() {
		l.sending.tone.Fill(&l.heard)
	}
}

// sendKey begins one character of a text.
func (l *leg) sendKey(c byte) {
	d := tel.Digit(c)
	switch {
	case c == ',':
		l.sending.wait = keyPause
	case !d.Valid():
	case l.keyed != nil && l.keyed.SendKey(d, keyOn):
		l.sending.wait = keyOn + keyOff
	case l.dials != nil:
		l.dials.Dial(d, keyOn, keyOff)
		l.sending.wait = keyOn + keyOff
	default:
		startKey(&l.sending.tone, d)
		l.sending.wait = keyOn + keyOff
	}
}

// passing hands the keys that came as events on to the room: as events to the
// legs that take them, as tones in the audio to the others. Keys that came as
// tones are in the audio anyway.
type passing struct {
	todo [16]tel.Digit
	n    int
	wait int
	tone tone.Player
}

// add queues a key; of a storm of them the newest are left out.
func (p *passing) add(d tel.Digit) {
	if p.n < len(p.todo) {
		p.todo[p.n] = d
		p.n++
	}
}

// relay goes on with the keys for the room.
func (l *leg) relay() {
	p := &l.passing
	if l.room == nil {
		*p = passing{}
		return
	}
	if p.wait == 0 && p.n > 0 {
		d := p.todo[0]
		copy(p.todo[:], p.todo[1:p.n])
		p.n--
		p.wait = keyOn + keyOff
		startKey(&p.tone, d)
		for _, m := range l.room.members {
			if m != l && m.keyed != nil && !m.player.Playing() {
				m.keyed.SendKey(d, keyOn)
			}
		}
	}
	if p.wait > 0 {
		p.wait--
	}
	if p.tone.Playing() {
		p.tone.Fill(&l.said)
	}
}
