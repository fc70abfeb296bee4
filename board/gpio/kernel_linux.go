package gpio

import (
	"fmt"

	"github.com/warthog618/go-gpiocdev"
)

// consumer is what gpioinfo shows beside our lines.
const consumer = "centralita"

// Linux returns the kernel's chips, /dev/gpiochipN.
func Linux() Kernel { return linux{} }

type linux struct{}

func (linux) Chips() []string { return gpiocdev.Chips() }

func (linux) Open(name string) (Chip, error) {
	c, err := gpiocdev.NewChip(name, gpiocdev.WithConsumer(consumer))
	if err != nil {
		return nil, err
	}
	return linuxChip{c}, nil
}

type linuxChip struct{ *gpiocdev.Chip }

func (c linuxChip) Label() string { return c.Chip.Label }

func (c linuxChip) Request(r Request) (Lines, error) {
	var o []gpiocdev.LineReqOption
	if r.Output {
		o = append(o, gpiocdev.AsOutput(make([]int, len(r.Offsets))...))
	} else {
		o = append(o, gpiocdev.AsInput)
	}
	if r.OpenDrain {
		o = append(o, gpiocdev.AsOpenDrain)
	}
	if r.ActiveLow {
		o = append(o, gpiocdev.AsActiveLow)
	}
	if r.PullUp {
		o = append(o, gpiocdev.WithPullUp)
	}
	if r.Edge != nil {
		o = append(o, gpiocdev.WithBothEdges, gpiocdev.WithEventHandler(func(e gpiocdev.LineEvent) {
			r.Edge(Was{Offset: e.Offset, Active: e.Type == gpiocdev.LineEventRisingEdge}) // rising is "becomes active", also where active is low
		}))
	}
	lines, err := c.RequestLines(r.Offsets, o...)
	if err != nil {
		return nil, fmt.Errorf("%w; gpioinfo tells who has a line that is busy", err)
	}
	return lines, nil
}
