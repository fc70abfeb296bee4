//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/dahdi"
	"github.com/centralita/centralita/hal/port"
)

// bench is the first wire between two ports of ours.
type bench struct{ phone, line *end }

func open(channels ...int) ([]port.Port, []board.Report) {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return dahdi.Open(context.Background(), dahdi.Config{Channels: channels, Log: log})
}

// said are reports as a person reads them.
func said(reports []board.Report) string {
	var out []string
	for _, r := range reports {
		out = append(out, r.String())
	}
	return strings.Join(out, " | ")
}

// reports opens all channels there are: two of the eight cannot be ports, the others are
// opened all the same.
func reports(b *bench) (string, error) {
	ports, reps := open()
	defer func() {
		for _, p := range ports {
			if err := p.Close(); err != nil {
				fmt.Println("cannot close:", err)
			}
		}
	}()
	if len(ports) != lastChan-2 || len(reps) != lastChan {
		return "", fmt.Errorf("%d ports: %s", len(ports), said(reps))
	}
	for i, want := range []string{phoneChan - 1: "dahdi/1: loaded: FXS (fxoks)", lineChan - 1: "dahdi/2: loaded: FXO (fxsks)",
		emChan - 1: "dahdi/3: failed because its signalling is e&m", bareChan - 1: "dahdi/4: failed because channel 4 has no signalling"} {
		if !strings.HasPrefix(reps[i].String(), want) {
			return "", fmt.Errorf("%q is not %q", reps[i], want)
		}
	}
	for _, p := range ports {
		c := p.Info().Caps
		if !c.FullDuplex || !c.OwnClock || !c.OnHookAudio || !c.Gain || !c.EchoCancel || c.Polarity || c.Neon ||
			p.Info().Kind == port.FXO && !c.Battery || p.Info().Kind == port.FXS && !(c.Bursts && c.Disconnect && c.RingSignal) {
			return "", fmt.Errorf("%s has %+v", p.Info().Name, c)
		}
	}
	more, reps2 := open(99)
	if want := "dahdi/99: skipped because there is no channel 99: the cards have 8"; len(more) != 0 || !strings.HasPrefix(said(reps2), want) {
		return "", fmt.Errorf("%q is not %q", said(reps2), want)
	}
	return said(reps[2:4]), nil
}

func absent(*bench) (string, error) {
	ports, reps := dahdi.Open(context.Background(), dahdi.Config{Kernel: dahdi.System("/nowhere")})
	if len(ports) != 0 || len(reps) != 1 || reps[0].State != board.Skipped {
		return "", errors.New(said(reps))
	}
	return said(reps), nil
}

// elsewhere opens the first wire while another has one end of it; the other end works
// on. Then it opens both.
func elsewhere(b *bench) (string, error) {
	other, err := dahdi.System(dahdi.Root).Channel(phoneChan)
	if err != nil {
		return "", err
	}
	ports, reps := open(phoneChan, lineChan)
	if err := other.Close(); err != nil {
		return "", err
	}
	const want = "dahdi/1: failed because another program has channel 1 open; end that program"
	if len(ports) != 1 || ports[0].Info().Kind != port.FXO || !strings.HasPrefix(reps[0].String(), want) {
		return "", errors.New(said(reps))
	}
	more, reps2 := open(phoneChan)
	if len(more) != 1 {
		return "", errors.New(said(reps2))
	}
	b.line, b.phone = newEnd(ports[0]), newEnd(more[0])
	return reps[0].String(), nil
}

// idle: nothing is told of a wire on which nothing happens.
func idle(b *bench) (string, error) {
	if b.line == nil {
		return "", errors.New("the ports are not open")
	}
	if err := errors.Join(b.line.silent(2500*time.Millisecond), b.phone.silent(time.Millisecond)); err != nil {
		return "", err
	}
	return "nothing is told in 2.5 s", nil
}
