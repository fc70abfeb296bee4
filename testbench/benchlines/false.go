package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/line"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/testbench/linesim/subscriber"
)

// cut is a call that was released though it went on.
type cut struct {
	source  source
	country string
	at      time.Duration
	why     string
	trace   string
}

// row is what was heard of a kind of sound.
type row struct {
	kind  string
	hours float64
	cuts  []cut
}

// listenTo plays every source to a line of one country each, those of all countries
// in turn, and returns a row a kind.
func listenTo(all []source, prompt []int16, report func(done int)) []row {
	cuts := make([][]cut, len(all))
	next := make(chan int)
	var workers sync.WaitGroup
	var mu sync.Mutex
	done := 0
	names := plan.Countries()
	for range runtime.NumCPU() {
		workers.Go(func() {
			for i := range next {
				var near []int16
				if i%3 == 1 {
					near = prompt
				}
				cuts[i] = hold(all[i], names[i%len(names)], near)
				mu.Lock()
				done++
				report(done)
				mu.Unlock()
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	workers.Wait()
	var rows []row
	for i, s := range all {
		if len(rows) == 0 || rows[len(rows)-1].kind != s.kind {
			rows = append(rows, row{kind: s.kind})
		}
		w := &rows[len(rows)-1]
		w.hours += float64(len(s.sound)) / pcm.Rate / 3600
		w.cuts = append(w.cuts, cuts[i]...)
	}
	return rows
}

// hold is one call in which the far side is a source; it returns the releases.
func hold(s source, country string, near []int16) (out []cut) {
	p, _ := plan.For(country)
	speaker := &subscriber.Talker{Sound: near}
	c := newHeld(country, p)
	for at := 0; at+pcm.FrameLen <= len(s.sound); at += pcm.FrameLen {
		var to pcm.Frame
		speaker.Speak(&to)
		if c.pass((*pcm.Frame)(s.sound[at:]), &to) {
			out = append(out, cut{s, country, time.Duration(at) * time.Second / pcm.Rate, c.gone.Evidence, c.trace(8)})
			c = newHeld(country, p)
		}
	}
	return out
}

// held is a call that is through, with what the line knows of no call before.
type held struct{ rig }

func newHeld(country string, p plan.Plan) *held {
	h := &held{rig{now: epoch, ear: media.NewEar(&p, false), closed: true}}
	h.machine = line.NewFXO(epoch, line.Settings{Caps: caps, Timing: line.TimingFor(country, p.Ring)})
	for _, ev := range []line.Event{line.Wire{Event: port.RingOn{}}, nil, line.Wire{Event: port.CallerID{Number: "1"}}, line.Answer{}, nil} {
		h.tell(h.now, ev)
		h.now = h.now.Add(300 * time.Millisecond)
	}
	if s, _ := h.machine.State(); s != line.Talking {
		panic(fmt.Sprintf("a call that is through is %s\n%s", h.machine.Describe(), h.trace(20)))
	}
	return h
}

// tell steps the machine, which has no wires here.
func (h *held) tell(at time.Time, ev line.Event) {
	for {
		due, ok := h.machine.Deadline()
		if !ok || due.After(at) {
			break
		}
		h.hear(due, line.TimedOut{})
	}
	if ev != nil {
		h.hear(at, ev)
	}
}

func (h *held) hear(at time.Time, ev line.Event) {
	h.note(at, ev.String())
	for _, e := range h.machine.Step(at, ev, nil) {
		h.note(at, "  "+e.String())
		if g, ok := e.(line.Gone); ok {
			h.gone = &g
		}
	}
}

// pass hears 20 ms and reports whether the call was released.
func (h *held) pass(from, to *pcm.Frame) bool {
	h.now = h.now.Add(pcm.FrameTime * time.Millisecond)
	h.heard = h.ear.Process(from, to, false, h.heard[:0])
	for _, e := range h.heard {
		if ev := told(e); ev != nil {
			h.tell(h.now, ev)
		}
	}
	h.tell(h.now, nil)
	return h.gone != nil
}
