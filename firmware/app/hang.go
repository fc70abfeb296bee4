//go:build rig

package app

import (
	"io"
	"time"

	"github.com/centralita/centralita/firmware/exchange"
)

// RunHanging is the command run of a house whose control loop hangs for good once now
// reports true: for the rig that shows the watchdog of a real kernel.
func RunHanging(config, data string, now func() bool, out io.Writer) int {
	c := runCmd{Config: config, Data: data, built: func(h *House) {
		go func() {
			for !now() {
				time.Sleep(100 * time.Millisecond)
			}
			h.exchange.Post(exchange.Ping{Done: func() { select {} }})
		}()
	}}
	return c.run(out, out)
}
