package line

import (
	"fmt"
	"strconv"
	"time"
)

// What a line shows of itself goes into its profile. A frozen profile is left as it
// is, but what the line shows is still compared, so that a change is told.

// use takes a profile.
func (l *FXO) use(p Profile) {
	l.prof, l.dirty = p.Clone(), false
	if l.set.Profile.Line != "" {
		l.prof.Line = l.set.Profile.Line // one of another line may be taken over
	}
	l.sight = &l.prof
	if p.Frozen {
		c := l.prof.Clone()
		l.sight = &c
	}
}

func (l *FXO) freeze(on bool, out []Effect) []Effect {
	p := l.prof
	p.Frozen = on
	l.use(p)
	return append(out, Learned{l.prof.Clone()})
}

// learns takes note that the profile has grown, when it may.
func (l *FXO) learns() { l.dirty = !l.prof.Frozen }

// changed: the line shows another character than the one it is known for, as behind
// a new box. It is learned anew, and the line must show that it lives.
func (l *FXO) changed(now time.Time, what string) {
	l.sight.changed(now, what)
	l.news = string(FaultCharacter) + ": " + what
	if l.fault == FaultNone {
		l.fault, l.probes = FaultCharacter, 0
	}
}

// learnEnding keeps how a call ended.
func (l *FXO) learnEnding(now time.Time, e ending) {
	l.learns()
	p := l.sight
	p.Calls++
	if e.sign != SignLongest && e.sign != SignSilence && e.sign != SignHardware {
		p.released(e.sign)
	}
	strange := l.release.sounding(now)
	if e.sign == SignStrange {
		strange = l.release.strange
	}
	if s, ok := parseSignal(strange); ok && s.period() > 0 {
		p.example(now, strange)
	}
}

// learnOwnEnd keeps a strange tone that our side heard and hung up upon.
func (l *FXO) learnOwnEnd(now time.Time) {
	if l.state != Talking {
		return
	}
	l.learns()
	l.sight.Calls++
	if s, ok := parseSignal(l.release.sounding(now)); ok && s.period() > 0 {
		l.sight.example(now, l.release.strange)
	}
}

// learnDrop keeps how long battery was away at a release.
func (l *FXO) learnDrop(width time.Duration) {
	if width < noBattery {
		l.sight.DropMS = int(width / time.Millisecond)
		l.learns()
	}
}

// learnDip keeps a dip in battery that ended no call.
func (l *FXO) learnDip() {
	if d := l.release.survived; d > 0 {
		l.release.survived = 0
		l.sight.Dips++
		l.sight.DipMS = max(l.sight.DipMS, int(d/time.Millisecond))
		l.learns()
	}
}

// learnCadence keeps the cadence of the bell, from one burst to the next.
func (l *FXO) learnCadence(now time.Time, pause time.Duration) {
	b := &l.bell
	if b.off.IsZero() || pause < ringCycle || max(pause, b.burst) > cadenceMost*time.Millisecond || b.burst < ringDebounce || b.counted {
		return
	}
	b.counted = true // once a call
	step := func(d time.Duration) string {
		return strconv.Itoa(int(d.Round(50*time.Millisecond) / time.Millisecond))
	}
	v := step(b.burst) + "/" + step(pause)
	l.learns()
	if was, changed := l.sight.Ring.see(v, oddRings, alike); changed {
		l.changed(now, "the bell rings "+v+" ms instead of "+was)
	}
}

// learnStandard keeps by which standard caller id came.
func (l *FXO) learnStandard(now time.Time, standard string) {
	l.sight.NoID = 0
	l.learns()
	if standard == "" {
		return
	}
	if was, changed := l.sight.CallerID.see(standard, oddEnough, equal); changed {
		l.changed(now, "caller id comes by "+standard+" instead of "+was)
	}
}

// learnID counts calls without caller id.
func (l *FXO) learnID(now time.Time) {
	if l.bell.seen || l.met {
		l.bell.seen = false
		return
	}
	l.sight.NoID = min(l.sight.NoID+1, 2*noIDs)
	l.learns()
}

// learnDialTone keeps the frequencies of dial tone.
func (l *FXO) learnDialTone(now time.Time, hz string) {
	if hz == "" {
		return
	}
	l.learns()
	if was, changed := l.sight.DialTone.see(hz, oddEnough, tuned); changed {
		l.changed(now, "dial tone is "+hz+" Hz instead of "+was)
	}
}

// How far a level may be off, in dB.
const (
	levelOff = 8.0
	erlOff   = 10.0
)

// isLevel reports whether a level was measured; one of nothing is no number.
func isLevel(v float32) bool { return v != 0 && v >= -mostLevel && v <= mostLevel }

// measured keeps levels of a call; those of a frozen profile are only compared.
func (l *FXO) measured(now time.Time, m Levels) {
	p := l.sight
	for _, g := range []struct {
		gauge *Gauge
		v     float32
		off   float64
		name  string
	}{
		{&p.LevelIn, m.In, levelOff, "speech from the line"},
		{&p.ERL, m.ERL, erlOff, "the echo return loss"},
	} {
		if !isLevel(g.v) {
			continue
		}
		l.learns()
		if was, changed := g.gauge.see(float64(g.v), g.off); changed {
			l.changed(now, fmt.Sprintf("%s is %.0f dB instead of %.0f", g.name, g.gauge.Mean, was))
		}
	}
	for _, g := range []struct {
		gauge *Gauge
		v     float32
	}{{&p.LevelOut, m.Out}, {&p.Twist, m.Twist}} { // they are the talker's, not the line's
		if isLevel(g.v) {
			l.learns()
			g.gauge.see(float64(g.v), 100)
		}
	}
}
