package main

import (
	"fmt"

	"github.com/centralita/centralita/dsp/pcm"
	"github.com/centralita/centralita/dsp/plc"
)

type concealCmd struct {
	In      string `arg:"" help:"Recording."`
	LossMap string `arg:"" name:"lossmap" help:"Text, a character for each frame of 20 ms: 1 is lost, 0 arrived. Spaces and line ends do not count."`
	Out     string `arg:"" help:"Result."`
}

// Run conceals.
func (c *concealCmd) Run(e *ear) error {
	x, err := load(c.In, e.channel)
	if err != nil {
		return err
	}
	b, err := read(c.LossMap)
	if err != nil {
		return err
	}
	lost, err := parseLoss(b)
	if err != nil {
		return cannot("read", c.LossMap, err)
	}
	if n := len(frames(x)); len(lost) < n {
		fmt.Fprintf(e.notes, "%s has %d characters for %d frames: the others count as arrived\n", c.LossMap, len(lost), n)
	} else if len(lost) > n {
		fmt.Fprintf(e.notes, "%s has %d characters for %d frames: the last are not used\n", c.LossMap, len(lost), n)
	}
	return save(c.Out, conceal(x, lost))
}

// parseLoss reads a map of losses.
func parseLoss(b []byte) ([]bool, error) {
	var lost []bool
	for i, v := range b {
		switch v {
		case '0', '1':
			lost = append(lost, v == '1')
		case ' ', '\t', '\r', '\n':
		default:
			return nil, fmt.Errorf("byte %d is %q; only 0 (arrived) and 1 (lost) are expected", i+1, v)
		}
	}
	return lost, nil
}

// conceal returns x with its lost frames made up; what stood in them is not used.
func conceal(x []int16, lost []bool) []int16 {
	var c plc.Concealer
	out := make([]int16, 0, len(x)+pcm.FrameLen)
	for i, f := range frames(x) {
		if i < len(lost) && lost[i] {
			c.Lost(f[:])
		} else {
			c.Good(f[:])
		}
		out = append(out, f[:]...)
	}
	return out[:len(x)]
}
