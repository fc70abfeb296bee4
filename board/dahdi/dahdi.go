// Package dahdi is the driver of telephone cards under the DAHDI modules of Linux:
// each channel with FXO or FXS signalling is a port.
//
// It speaks to /dev/dahdi by ioctls and poll alone (package abi has the numbers), in
// blocks of 20 ms of linear sound; the module's own tables do G.711. What a card
// offers is asked of it at the start and is in Caps: the line machines ask those. A
// port runs one goroutine, which reads sound and events, looks at the wire once a frame (what
// the module tells late or not at all: battery, ring that begins within two seconds
// of a hang-up), and opens the channel again when a card was unplugged.
//
// Three things are the module's and cannot be changed from here. A disconnect takes
// 500 ms, whatever was asked, and needs kewlstart (fxoks); a bell's burst that is
// interrupted is not resumed; and a telephone's opening of 15 to 200 ms is a pulse of
// a dial, a longer one a flash.
package dahdi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"syscall"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/dahdi/abi"
	"github.com/centralita/centralita/hal/port"
)

// Name is the driver's name and the first half of a port's: channel 3 is "dahdi/3".
const Name = "dahdi"

// Root is where the modules' devices are.
const Root = "/dev/dahdi"

// Config says what is ours.
type Config struct {
	Channels []int // nil: all that there are
	// EchoCancel switches the canceller of the modules or the card on at the start,
	// where a channel has one; EchoTaps is its length in samples (32, 64 … 1024; 0: 256).
	EchoCancel bool
	EchoTaps   int
	FlashMS    int          // how long a flash of ours opens the loop; 0: the module's 750
	Log        *slog.Logger // may be nil
	Kernel     Kernel       // nil: System(Root)
}

// whole is the configuration with what was left out.
func (cfg Config) whole() Config {
	if cfg.Kernel == nil {
		cfg.Kernel = System(Root)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// Driver returns the driver for package board.
func Driver(cfg Config) board.Driver {
	return board.Driver{Name: Name, Open: func(ctx context.Context) ([]port.Port, []board.Report) { return Open(ctx, cfg) }}
}

// Open opens the channels, all at once, and answers for each.
func Open(ctx context.Context, cfg Config) ([]port.Port, []board.Report) {
	cfg = cfg.whole()
	there, err := channels(cfg)
	if err != nil {
		return nil, []board.Report{nothing(err)}
	}
	wanted := cfg.Channels
	if wanted == nil {
		wanted = there
	}
	if len(wanted) == 0 {
		return nil, []board.Report{{Driver: Name, State: board.Skipped, Why: "the modules have no channels",
			Hint: "load the module of the card and run dahdi_cfg"}}
	}
	ports := make([]port.Port, len(wanted))
	reports := make([]board.Report, len(wanted))
	var all sync.WaitGroup
	for i, n := range wanted {
		all.Go(func() { ports[i], reports[i] = open(ctx, cfg, n, there) })
	}
	all.Wait()
	return slices.DeleteFunc(ports, func(p port.Port) bool { return p == nil }), reports
}

// Ready reports whether channel n, which was not there at the start, could be opened
// now: it opens it as the start does and closes it again.
func Ready(cfg Config, n int) error {
	cfg = cfg.whole()
	ch, err := cfg.Kernel.Channel(n)
	if err != nil {
		return err
	}
	_, err = prepare(ch, cfg)
	return errors.Join(err, ch.Close())
}

// channels are the numbers of all channels. Spans tell how many they have; a number
// may be left out between two spans.
func channels(cfg Config) ([]int, error) {
	ctl, err := cfg.Kernel.Control()
	if err != nil {
		return nil, err
	}
	total, err := spans(cfg, ctl)
	var out []int
	b := make([]byte, abi.GetParams.Size())
	for n := 1; err == nil && len(out) < total && n <= maxChannels; n++ {
		copy(b, abi.Int(n))
		switch err = ctl.Ioctl(abi.GetParams, b); {
		case err == nil:
			out = append(out, n)
		case errors.Is(err, syscall.EINVAL): // there is none of that number
			err = nil
		}
	}
	return out, errors.Join(err, ctl.Close())
}

// spans tells of every span and counts their channels.
func spans(cfg Config, ctl Device) (total int, err error) {
	seen := int32(0)
	for n := 1; n <= maxSpans; n++ {
		s := abi.Span{Number: int32(n)}
		b := abi.Encode(s)
		switch err := ctl.Ioctl(abi.SpanStat, b); {
		case errors.Is(err, syscall.EINVAL): // there is none of that number
			continue
		case err != nil:
			return 0, err
		}
		if err := abi.Decode(b, &s); err != nil {
			return 0, err
		}
		cfg.Log.Info("DAHDI span", "span", n, "name", abi.Text(s.Name[:]), "card", cardOf(&s), "channels", s.AllChannels,
			"configured", s.Channels, "alarm", abi.AlarmText(uint32(s.Alarms)))
		total += int(s.AllChannels)
		if seen++; seen >= s.AllSpans {
			break
		}
	}
	return total, nil
}

// The highest numbers of a span and a channel.
const (
	maxSpans    = 128
	maxChannels = 1024
)

// cardOf names the card of a span.
func cardOf(s *abi.Span) string {
	for _, t := range [][]byte{s.Device[:], s.Desc[:], s.Name[:]} {
		if text := abi.Text(t); text != "" {
			return text
		}
	}
	return "a card without a name"
}

// nothing is the answer when not even the control device opens.
func nothing(err error) board.Report {
	r := board.Report{Driver: Name, State: board.Failed, Why: err.Error()}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.State, r.Why = board.Skipped, "there is no "+Root+": the DAHDI modules are not loaded"
		r.Hint = "load them: modprobe dahdi and the module of the card, then dahdi_cfg"
	case errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		r.State, r.Why = board.Skipped, Root+" is there but nothing answers: the DAHDI modules are not loaded"
		r.Hint = "load them: modprobe dahdi and the module of the card, then dahdi_cfg"
	case errors.Is(err, fs.ErrPermission):
		r.Why, r.Hint = Root+"/ctl may not be opened", "run as root, or as a user of the group dahdi"
	}
	return r
}

// refusal is why a channel cannot be a port.
type refusal struct {
	state     board.State
	why, hint string
}

func (r *refusal) Error() string { return r.why }

// plain says in words why channel n cannot be opened.
func plain(n int, err error, there []int) *refusal {
	var r *refusal
	switch {
	case errors.As(err, &r):
		return r
	case errors.Is(err, syscall.EBUSY):
		return &refusal{board.Failed, fmt.Sprintf("another program has channel %d open", n), "end that program (asterisk, dahdi_monitor …)"}
	case !slices.Contains(there, n):
		return &refusal{board.Skipped, fmt.Sprintf("there is no channel %d: the cards have %d", n, len(there)), "correct the number, or look whether the card is found"}
	case errors.Is(err, syscall.ENXIO):
		return &refusal{board.Failed, fmt.Sprintf("channel %d has no signalling", n), "write fxsks (for a line) or fxoks (for a telephone) in /etc/dahdi/system.conf and run dahdi_cfg"}
	case errors.Is(err, fs.ErrPermission):
		return &refusal{board.Failed, Root + "/channel may not be opened", "run as root, or as a user of the group dahdi"}
	case unplugged(err), errors.Is(err, fs.ErrNotExist):
		return &refusal{board.Failed, fmt.Sprintf("channel %d is gone: %v", n, err), "look at the card's plug and supply"}
	}
	return &refusal{board.Failed, err.Error(), "see what the kernel's log says of the card"}
}

// open opens one channel as a port.
func open(ctx context.Context, cfg Config, n int, there []int) (port.Port, board.Report) {
	name := fmt.Sprintf("%s/%d", Name, n)
	if err := ctx.Err(); err != nil {
		return nil, board.Report{Driver: Name, Port: name, State: board.Failed, Why: "the start was given up: " + err.Error()}
	}
	ch, err := cfg.Kernel.Channel(n)
	var found finding
	if err == nil {
		if found, err = prepare(ch, cfg); err != nil {
			err = errors.Join(err, ch.Close())
		}
	}
	if err != nil {
		r := plain(n, err, there)
		return nil, board.Report{Driver: Name, Port: name, State: r.state, Why: r.why, Hint: r.hint}
	}
	p := newPort(cfg, n, name, ch, found)
	return p.dressed(), board.Report{Driver: Name, Port: name, State: board.Loaded, What: found.String()}
}
