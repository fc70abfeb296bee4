package linecheck

import (
	"fmt"

	"github.com/centralita/centralita/dsp/echo"
	"github.com/centralita/centralita/dsp/pcm"
)

// Probe returns n frames of the noise that ListenEcho wants sent: even over
// the telephone band, at a level in dBm0, the same in every run.
func Probe(n int, dbm0 float64) []pcm.Frame {
	frames := make([]pcm.Frame, n)
	seed := uint64(0x9E3779B97F4A7C15)
	amplitude := pcm.RMS(dbm0) * 1.7320508 // of an even distribution
	for f := range frames {
		for i := range frames[f] {
			seed ^= seed << 13
			seed ^= seed >> 7
			seed ^= seed << 17
			u := float64(seed>>11)/(1<<52) - 1
			frames[f][i] = pcm.Clip(int32(u * amplitude))
		}
	}
	return frames
}

// Echo is what a line throws back of what is sent to it.
type Echo struct {
	ERL   float64 // echo return loss over 300–3400 Hz, dB (ITU-T G.168 § 3)
	Delay float64 // of its strongest part after it was sent, ms, buffers counted
	End   float64 // when all but a thousandth has come, ms
}

// ListenEcho learns the echo path from out, what was sent, and in, what came
// at the same time: a second of Probe at least. tail is 16, 32, 64 or 128 ms. ok
// is false while no echo can be told from the noise.
func ListenEcho(out, in []int16, tail int) (e Echo, ok bool, err error) {
	c, err := echo.New(echo.Options{Tail: tail, NoSuppressor: true, NoDisabler: true})
	if err != nil {
		return Echo{}, false, fmt.Errorf("cannot measure the echo of a line: %w", err)
	}
	var far, near pcm.Frame
	for at := 0; at+pcm.FrameLen <= min(len(out), len(in)); at += pcm.FrameLen {
		copy(far[:], out[at:])
		copy(near[:], in[at:])
		c.Process(&far, &near, &near)
	}
	r := c.Report()
	return Echo{ERL: r.ERL, Delay: r.Delay, End: r.End}, r.Known, nil
}
