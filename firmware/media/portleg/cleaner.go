package portleg

import (
	"fmt"

	"github.com/centralita/centralita/dsp/echo"
	"github.com/centralita/centralita/dsp/pcm"
)

// Cleaner is what a pump does against the echo of a line, alone: for who has the
// samples of a line and no port, as a bench.
type Cleaner struct {
	echo  *echo.Canceller
	doubt doubt
}

// NewCleaner returns a cleaner with the usual tail.
func NewCleaner() (*Cleaner, error) {
	e, err := echo.New(echo.Options{Tail: Tail, NoSuppressor: true})
	if err != nil {
		return nil, fmt.Errorf("cannot clean a line: %w", err)
	}
	return &Cleaner{echo: e}, nil
}

// Process takes 20 ms that go to the line and 20 ms that come from it; clean is what
// of those is no echo.
func (c *Cleaner) Process(to, from, clean *pcm.Frame) {
	c.echo.Process(to, from, clean)
	if c.doubt.hear(from, clean) {
		*clean = *from
	}
}

// Reset begins another call.
func (c *Cleaner) Reset() {
	c.echo.Reset()
	c.doubt = doubt{}
}

// Report measures the line's echo.
func (c *Cleaner) Report() echo.Report { return c.echo.Report() }
