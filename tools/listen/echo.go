package main

import (
	"fmt"

	"github.com/centralita/centralita/dsp/echo"
	"github.com/centralita/centralita/dsp/pcm"
)

type echoCmd struct {
	Tail         tail   `required:"" placeholder:"MS" help:"How late the end of the echo may come: 16, 32, 64 or 128 ms; others are rounded up."`
	NoSuppressor bool   `help:"Leave what the filter leaves; no comfort noise."`
	Far          string `arg:"" help:"What was sent to the line."`
	Near         string `arg:"" help:"What came from it at the same time."`
	Out          string `arg:"" help:"What is left of it."`
}

// tail is a length in milliseconds that a canceller can have.
type tail int

// UnmarshalText takes a number of milliseconds and rounds it up.
func (t *tail) UnmarshalText(b []byte) error {
	var ms int
	if _, err := fmt.Sscanf(string(b)+"\n", "%d\n", &ms); err != nil || ms < 1 || ms > 128 {
		return fmt.Errorf("%q is no tail; give 16, 32, 64 or 128 ms", b)
	}
	*t = 16
	for int(*t) < ms {
		*t *= 2
	}
	return nil
}

// Run cancels.
func (c *echoCmd) Run(e *ear) error {
	far, err := load(c.Far, e.channel)
	if err != nil {
		return err
	}
	near, err := load(c.Near, e.channel)
	if err != nil {
		return err
	}
	if len(far) != len(near) {
		fmt.Fprintf(e.notes, "%s lasts %s s, %s %s s: the far end is taken as silent where it lacks\n",
			c.Far, seconds(length(far)), c.Near, seconds(length(near)))
	}
	out, report, err := cancel(far, near, echo.Options{Tail: int(c.Tail), NoSuppressor: c.NoSuppressor})
	if err != nil {
		return err
	}
	if err := save(c.Out, out); err != nil {
		return err
	}
	line := "ERL unknown, ERLE unknown, delay unknown"
	if report.Known {
		line = fmt.Sprintf("ERL %.1f dB, ERLE %.1f dB, delay %.1f ms", report.ERL, report.ERLE, report.Delay)
	}
	if _, err := fmt.Fprintln(e.out, line); err != nil {
		return fmt.Errorf("cannot print the measures: %w", err)
	}
	return nil
}

// cancel returns near without the echo of far, sample for sample, and what was
// measured of the line.
func cancel(far, near []int16, o echo.Options) ([]int16, echo.Report, error) {
	c, err := echo.New(o)
	if err != nil {
		return nil, echo.Report{}, err
	}
	n := frames(near)
	f := append(frames(far), make([]pcm.Frame, len(n))...)
	out := make([]int16, 0, len(n)*pcm.FrameLen)
	for i := range n {
		var clean pcm.Frame
		c.Process(&f[i], &n[i], &clean)
		out = append(out, clean[:]...)
	}
	return out[:len(near)], c.Report(), nil
}
