package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/centralita/centralita/board/sim"
	"github.com/centralita/centralita/dsp/cid"
	"github.com/centralita/centralita/dsp/dtmf"
	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/tone"
	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/dsp/wav"
	"github.com/centralita/centralita/hal/port"
	"github.com/centralita/centralita/testbench/linesim"
)

// office is a clumsy little office on a simulated board: it answers fxo1 in the
// second ring, sounds a prompt until it has two keys, rings fxs2 and joins the
// two. What it leaves undone is what a test wants to see told.
type office struct {
	board *sim.Board
	plan  plan.Plan

	deaf, dumb, silent, lazy, stubborn, rude bool // answers nothing; one way; no prompt; rings nobody; never releases; hangs up at a key

	mu              sync.Mutex
	keys            string
	seized, offHook bool
	toPhone, toLine pcm.Frame
	busy            bool
	display         cid.Sender // what the telephone on hook is told
	told            bool
}

func (o *office) line(p port.Port) {
	rings := 0
	for e := range p.Events() {
		o.mu.Lock()
		switch e := e.(type) {
		case port.RingOn:
			if rings++; rings == 2 && !o.deaf {
				o.seized = p.Command(port.Seize{}) == nil
			}
		case port.Battery:
			if !e.On && o.seized && !o.stubborn {
				o.seized, o.busy = false, true
				p.Command(port.Release{})
			}
		}
		o.mu.Unlock()
	}
}

func (o *office) phone(p, line port.Port) {
	for e := range p.Events() {
		o.mu.Lock()
		switch e.(type) {
		case port.RingOff: // after the first burst
			if !o.told {
				o.told = true
				if err := o.display.Start(cid.Info{Number: "600123456", Name: "Juan Pérez"}, cid.Sending{Standard: cid.V23}); err != nil {
					panic(err)
				}
			}
		case port.OffHook:
			o.offHook = true
			o.display.Stop()
		case port.OnHook:
			o.offHook = false
			if o.seized {
				o.seized = false
				line.Command(port.Release{})
			}
		}
		o.mu.Unlock()
	}
}

// lineAudio prompts, takes keys, and passes on what the telephone says.
func (o *office) lineAudio(p, phone port.Port) {
	var ear dtmf.Detector
	var prompt tone.Player
	prompt.Start(tone.Continuous(tone.Partial{Hz: 300, DBm0: -20}))
	var in, out pcm.Frame
	for p.Audio().Read(&in) == nil {
		o.mu.Lock()
		for _, e := range ear.Process(&in, nil) {
			if e.Down {
				if o.rude && o.seized {
					o.seized = false
					p.Command(port.Release{})
				}
				if o.keys += string(e.Digit); len(o.keys) == 2 && !o.lazy {
					phone.Command(port.Ring{})
					o.told = false
				}
			}
		}
		out.Silence()
		switch {
		case o.offHook:
			out, o.toPhone = o.toLine, in
		case !o.silent:
			prompt.Fill(&out)
		}
		o.mu.Unlock()
		if p.Audio().Write(&out) != nil {
			return
		}
	}
}

func (o *office) phoneAudio(p port.Port) {
	var busy tone.Player
	busy.Start(o.plan.Signal(plan.Busy).Spec())
	var in, out pcm.Frame
	for p.Audio().Read(&in) == nil {
		o.mu.Lock()
		out, o.toLine = o.toPhone, in
		if o.dumb {
			out.Silence()
		}
		if o.busy {
			busy.Fill(&out)
		}
		if o.display.Sending() {
			o.display.Fill(&out)
		}
		o.mu.Unlock()
		if p.Audio().Write(&out) != nil {
			return
		}
	}
}

// walk plays one walk through an office in virtual time.
func walk(t *testing.T, o *office, args ...string) (text string, err error) {
	synctest.Test(t, func(t *testing.T) {
		o.board = sim.Open(sim.Config{FXO: 1, FXS: 2, Country: "ES"})
		o.plan, _ = plan.For("ES")
		p := o.board.Ports()
		here, there := net.Pipe()
		var all sync.WaitGroup
		all.Go(func() { o.board.Attach(there) })
		all.Go(func() { o.line(p[0]) })
		all.Go(func() { o.lineAudio(p[0], p[2]) })
		all.Go(func() { o.phone(p[2], p[0]) })
		all.Go(func() { o.phoneAudio(p[2]) })
		s, e := linesim.New(here)
		if e != nil {
			t.Fatal(e)
		}
		var out bytes.Buffer
		w, _, e := parse(append(args, "--patience", "20s"), &out)
		if e != nil {
			t.Fatal(e)
		}
		w.Out = &out
		err = w.Go(context.Background(), s)
		text = out.String()
		s.Close()
		o.board.Close()
		all.Wait()
	})
	return text, err
}

func TestTheWholeWalk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a", "call.wav")
	text, err := walk(t, &office{}, "--wav", file)
	t.Log("\n" + text)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, want := range []string{
		"00:00.0  the wire is up: 1 lines, 2 telephones, country ES",
		"00:00.0  600123456 rings line L1 (fxo1), caller id 600123456 Juan Pérez",
		"00:04.6  the line answers in ring 2",
		"the caller presses 1", "the caller presses 1",
		"fxs2 rings; the caller waits and hears -20 dBm0", "fxs2 shows 600123456 Juan Pérez", "fxs2 answers in ring 2",
		"fxs2 hears the caller (1004 Hz) at -13.0 dBm0", "the caller hears fxs2 (1800 Hz) at -13.0 dBm0",
		"the caller hangs up", "the line is released", "fxs2 hears busy tone and hangs up",
		"what the caller heard is in " + file, "the whole walk went well",
	} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			t.Fatalf("%q is not told after %q", want, text[:at])
		}
		at += i + len(want)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if sound, err := wav.Read(f); err != nil || len(sound) < 10*pcm.Rate {
		t.Errorf("the recording: %d samples, %v", len(sound), err)
	}
}

// Over a bad pair the same walk is told with what the pair takes.
func TestOverCopper(t *testing.T) {
	text, err := walk(t, &office{}, "--wav", "", "--line-km", "4", "--noise", "-55", "--hum", "-45", "--country", "MX", "--cpc", "100ms", "--handset")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"L1 is 4 km of 0.4 mm, noise -55, hum -45 dBm0", "its calls end by cpc",
		"fxs2 hears the caller (1004 Hz) at -2", "the second telephone on the line hangs up too", "the whole walk went well"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not told:\n%s", want, text)
		}
	}
	if strings.Contains(text, "(1004 Hz) at -13.0") {
		t.Errorf("4 km take nothing:\n%s", text)
	}
}

func TestThePhoneHangsUpFirst(t *testing.T) {
	text, err := walk(t, &office{}, "--hangup", "phone", "--wav", "", "--after", "1 rings")
	if err != nil || !strings.Contains(text, "fxs2 hangs up") || !strings.Contains(text, "the line is released") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestWhatGoesWrongIsTold(t *testing.T) {
	for want, o := range map[string]*office{
		"line L1 is not answered after 7 rings":      {deaf: true},
		"no prompt before key 1 (1 of 2)":            {silent: true},
		"the office hung up at key 1 (1 of 2)":       {rude: true},
		"fxs2 does not ring within 20s":              {lazy: true},
		"fxs2 does not hear the caller":              {dumb: true},
		"the office does not notice that the caller": {stubborn: true},
	} {
		text, err := walk(t, o, "--wav", "")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(text, "it ends here: ") {
			t.Errorf("%q is not told: %v\n%s", want, err, text)
		}
	}
}

// An exchange of another country than the board's is named when its tones are not understood.
func TestAnExchangeOfAnotherCountry(t *testing.T) {
	for args, want := range map[string]bool{"": false, "--country es": false, "--country mx": true} {
		_, err := walk(t, &office{stubborn: true}, append(strings.Fields(args), "--wav", "")...)
		if err == nil || strings.Contains(err.Error(), "config set lines.L1.country MX") != want {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestAskedWrongly(t *testing.T) {
	for args, want := range map[string]int{
		"--line X9": exitUsage, "--answer sip:201": exitUsage, "--after never": exitUsage, "--hangup cat": exitUsage,
		"--clear flag": exitUsage, "--nothing": exitUsage, "word": exitUsage, "--socket /nowhere/s": exitWire,
		"--help": 0, "--line fxo0": exitUsage, "--country XX": exitUsage, "--line-km 50": exitUsage, "--cpc 1ms": exitUsage,
		"--strange loud": exitUsage, "--far-echo 20 --far-delay 900": exitUsage,
	} {
		var out, problems bytes.Buffer
		if code := run(context.Background(), strings.Fields(args), &out, &problems); code != want || problems.Len() == 0 {
			t.Errorf("%s ends with %d: %s", args, code, &problems)
		}
	}
}

// An office that only serves gives dial tone and answers what the board dials.
func TestServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := sim.Open(sim.Config{FXO: 1, Country: "ES"})
		near, far := net.Pipe()
		served := make(chan error, 1)
		ctx, stop := context.WithCancel(t.Context())
		go func() { served <- b.Attach(near) }()
		s, err := linesim.New(far)
		if err != nil {
			t.Fatal(err)
		}
		w, _, err := parse([]string{"--serve", "--line-km", "2"}, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w.Out = &out
		ended := make(chan error, 1)
		go func() { ended <- w.serve(ctx, s) }()
		p := b.Ports()[0]
		if err := p.Command(port.Seize{}); err != nil {
			t.Fatal(err)
		}
		spec, err := dtmf.Spec("112", dtmf.Sending{OnMs: 80, OffMs: 80, Low: -8, High: -6})
		if err != nil {
			t.Fatal(err)
		}
		var play tone.Player
		tones := 0
		for n := range 500 { // 10 s
			var in, f pcm.Frame
			if err := p.Audio().Read(&in); err != nil {
				t.Fatal(err)
			}
			if in.Level() > -30 && n < 50 {
				tones++
			}
			if n == 50 {
				play.Start(spec)
			}
			play.Fill(&f)
			if err := p.Audio().Write(&f); err != nil {
				t.Fatal(err)
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		s.Close()
		b.Close()
		<-served
		if tones < 20 || !strings.Contains(out.String(), "fxo1 dials 112") {
			t.Errorf("dial tone in %d frames of a second; told:\n%s", tones, &out)
		}
	})
}
