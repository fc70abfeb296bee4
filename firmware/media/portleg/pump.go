package portleg

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centralita/centralita/dsp/echo"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/hal/port"
)

// Config of a pump. Its functions are called by the pump's goroutine and must
// not block.
type Config struct {
	Port port.Port
	// Heard gets caller id of a line on hook.
	Heard func(port.CallerID)
	// Sent gets the number that was given to SendID when all of it is out.
	Sent func(id uint64)
	// Category says that the first digit of a DTMF number is the caller's
	// category (Brazil).
	Category bool
	// Tail is how long the echo of a line may take, in ms: 16, 32, 64 or 128; 0
	// stands for Tail. Negative cancels nothing.
	Tail int
	Log  *slog.Logger // may be nil
}

// Pump moves the audio of a port for the life of the house.
type Pump struct {
	cfg   Config
	audio port.Audio
	info  port.Info
	log   *slog.Logger
	wake  chan struct{}
	ended chan struct{}

	leg     atomic.Pointer[Leg] // nil: on hook, or nobody listens
	offHook atomic.Bool         // what the port was told, or said
	dropped atomic.Bool         // the line has no battery
	lost    atomic.Bool         // the hardware is gone
	hardEC  atomic.Bool         // the hardware cancels
	turns   atomic.Uint64       // of Run: it lives while they grow
	report  report
	box     box
	want    atomic.Pointer[tuning] // nil: nothing new

	mu   sync.Mutex // of what follows
	send sending

	// Of the pump's goroutine.
	in, clean, out pcm.Frame
	far            pcm.Frame // what was written last: its echo is in what comes next
	served         *Leg      // the leg of the last frame
	echo           *echo.Canceller
	doubt          doubt
	echoed         int // frames since the last report
	ear            *onHook
	always         bool         // audio is moved on hook too
	sleeper        port.Sleeper // nil: the port is never silent
	silent         int          // frames in a row
	failed         int          // reads or writes in a row
	paced          int          // frames since
	since          time.Time
}

// New returns a pump that works while Run does.
func New(cfg Config) (*Pump, error) {
	p := &Pump{cfg: cfg, audio: cfg.Port.Audio(), info: cfg.Port.Info(), log: cfg.Log,
		wake: make(chan struct{}, 1), ended: make(chan struct{}), box: newBox()}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.log = p.log.With("port", p.info.Name)
	p.always = p.info.Kind == port.FXO && p.info.Caps.OnHookAudio
	p.sleeper, _ = p.audio.(port.Sleeper)
	if p.info.Kind == port.FXO {
		if cfg.Tail == 0 {
			p.cfg.Tail = Tail
		}
		if p.cfg.Tail > 0 {
			// Without the suppressor: a key pressed into a prompt must pass before the
			// echo of the prompt is known.
			c, err := echo.New(echo.Options{Tail: p.cfg.Tail, NoSuppressor: true})
			if err != nil {
				return nil, err
			}
			p.echo = c
		}
		if p.always && !p.info.Caps.CallerID {
			p.ear = newOnHook(cfg.Category)
		}
	}
	return p, nil
}

// tuning is what a pump is to do otherwise from the next call on.
type tuning struct {
	tail     int
	echo     *echo.Canceller // nil: none
	category bool
}

// Tune takes over Tail and Category of a configuration that was read again. The call
// that goes on keeps its canceller.
func (p *Pump) Tune(tail int, category bool) error {
	if p.info.Kind != port.FXO {
		return nil
	}
	w := &tuning{tail: tail, category: category}
	if w.tail == 0 {
		w.tail = Tail
	}
	if w.tail > 0 {
		c, err := echo.New(echo.Options{Tail: w.tail, NoSuppressor: true}) // as in New
		if err != nil {
			return err
		}
		w.echo = c
	}
	p.want.Store(w)
	p.rouse()
	return nil
}

// tune takes over what Tune left, between calls.
func (p *Pump) tune() {
	w := p.want.Swap(nil)
	if w == nil {
		return
	}
	if w.tail != p.cfg.Tail {
		p.cfg.Tail, p.echo = w.tail, w.echo
	}
	if p.ear != nil {
		p.ear.rx.Category = w.category
	}
}

// Kind returns the kind of the port.
func (p *Pump) Kind() port.Kind { return p.info.Kind }

// Leg gives the port's audio to the engine, and takes it from the leg that had it.
func (p *Pump) Leg() *Leg {
	l := &Leg{pump: p}
	p.leg.Store(l)
	p.StopID()
	p.rouse()
	return l
}

// Commanded takes note of what the port was asked for and did not refuse.
func (p *Pump) Commanded(c port.Command) {
	switch c := c.(type) {
	case port.Seize:
		p.offHook.Store(true)
	case port.Release:
		p.offHook.Store(false)
	case port.EchoCancel:
		p.hardEC.Store(c.On)
	}
}

// Happened takes note of what the wire did.
func (p *Pump) Happened(e port.Event) {
	switch e := e.(type) {
	case port.OffHook:
		p.offHook.Store(true)
		p.StopID()
	case port.OnHook:
		p.offHook.Store(false)
	case port.Battery:
		p.dropped.Store(!e.On)
	case port.Lost:
		p.lost.Store(true)
		p.StopID()
	case port.Found: // what it was told before its loss is forgotten
		p.lost.Store(false)
		p.offHook.Store(false)
		p.dropped.Store(false)
		p.hardEC.Store(false)
	}
}

// rouse wakes a pump that has nothing to do.
func (p *Pump) rouse() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// busy reports whether audio has to be moved: of a line on hook always where it
// flows, of a telephone on hook while it is told something.
func (p *Pump) busy() bool {
	return p.always && p.silent < drowsy || p.leg.Load() != nil || p.telling() || p.box.waiting()
}

// Turns returns how often the pump has gone round, and wakes one that rests so
// that it does. A number that stays the same shows that the driver holds the pump
// up. ended is true once there is no pump any more: its port is closed.
func (p *Pump) Turns() (turns uint64, ended bool) {
	p.rouse()
	select {
	case <-p.ended:
		ended = true
	default:
	}
	return p.turns.Load(), ended
}

// drowsy is after how many silent frames in a row a pump rests, where the port
// tells when there is sound again.
const drowsy = 50

// Run moves audio until ctx ends or the port is closed. It is called once.
func (p *Pump) Run(ctx context.Context) {
	defer close(p.ended)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for ctx.Err() == nil {
		p.turns.Add(1)
		if !p.busy() {
			p.rest(ctx)
			continue
		}
		err := p.move()
		wait := p.pace(time.Now())
		switch {
		case errors.Is(err, port.ErrClosed):
			return
		case err == nil:
			p.failed = 0
		default:
			if p.failed++; p.failed == tellAfter {
				p.log.Error("the audio of a port does not flow", "err", err)
			}
			wait = frameTime
		}
		if wait <= 0 {
			continue
		}
		pause.Reset(wait)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
	}
}

// A port that gives frames faster than a clock can must not take all the time of a
// core: half a second of them takes an eighth of one, which leaves room for what a
// driver had in its buffers.
const (
	paceFrames = 25
	paceTime   = paceFrames * frameTime / 4
)

// pace returns for how long the port came too soon.
func (p *Pump) pace(now time.Time) time.Duration {
	if p.paced++; p.paced < paceFrames {
		return 0
	}
	wait := max(0, paceTime-now.Sub(p.since))
	p.paced, p.since = 0, now.Add(wait)
	return wait
}

// rest waits until there is something to do.
func (p *Pump) rest(ctx context.Context) {
	p.served = nil
	var sound <-chan struct{}
	if p.always {
		sound = p.sleeper.Sound()
	}
	select {
	case <-ctx.Done():
	case <-p.wake:
	case <-sound:
		p.silent = 0
	}
}

// tellAfter is how many failures in a row are told: a second of them.
const tellAfter = 50

// move moves one frame each way.
func (p *Pump) move() error {
	if err := p.audio.Read(&p.in); err != nil {
		p.in = pcm.Frame{}
		p.far = pcm.Frame{}
		return err
	}
	if p.silent++; p.sleeper == nil || !p.in.Silent() {
		p.silent = 0
	}
	leg := p.leg.Load()
	if leg == nil || leg != p.served {
		p.tune()
	}
	if leg != p.served {
		p.served, p.far = leg, pcm.Frame{}
		if p.echo != nil {
			p.echo.Reset()
			p.doubt = doubt{}
		}
	}
	p.out = pcm.Frame{}
	writes := true
	if leg != nil {
		p.serve(leg)
	} else {
		writes = p.sendID(&p.out)
	}
	if p.ear != nil {
		p.listen(leg != nil || p.offHook.Load())
	}
	p.box.put(&p.in, &p.far) // an echo stands as late in it as the canceller sees it
	p.far = p.out
	if !writes {
		return nil
	}
	return p.audio.Write(&p.out)
}

// serve moves one frame each way between the port and the engine's leg.
func (p *Pump) serve(leg *Leg) {
	p.clean = p.in
	if p.echo != nil && !p.hardEC.Load() {
		p.echo.Process(&p.far, &p.in, &p.clean)
		if p.doubt.hear(&p.in, &p.clean) {
			p.clean = p.in
		}
		if p.echoed++; p.echoed >= reportEvery {
			p.echoed = 0
			p.measure()
		}
	}
	if p.dropped.Load() {
		p.clean = pcm.Frame{} // what the exchange does while it lets go is nobody's
	}
	leg.up.push(&p.clean)
	leg.down.pull(&p.out)
	leg.dial.fill(&p.out)
}
