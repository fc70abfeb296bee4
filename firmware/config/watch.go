package config

import (
	"fmt"
	"path"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
)

// Watchdog is the hardware that restarts the machine when the house hangs.
type Watchdog struct {
	Device  string // path of it
	Timeout time.Duration
}

// watchdog reads whether there is one to feed.
func (r *reader) watchdog(doc *place.Fields) {
	if !doc.Has("watchdog") {
		doc.Get("watchdog")
		return
	}
	f := doc.Fields("watchdog", false)
	w := &Watchdog{
		Device:  f.Text("device", r.watchdogOf()),
		Timeout: f.Duration("timeout", 30*time.Second, 10*time.Second, 10*time.Minute),
	}
	if !path.IsAbs(w.Device) || path.Clean(w.Device) != w.Device {
		r.sink.Report(f.At("device"), fmt.Sprintf("%s is no path of a device", place.Quote(w.Device)), "a device is named from the root", "write one such as /dev/watchdog")
	}
	f.Done()
	r.cfg.Watchdog = w
}

// watchdogOf is where the board has its watchdog.
func (r *reader) watchdogOf() string {
	if f := r.cfg.Board.Front; f != nil && f.Watchdog != "" {
		return f.Watchdog
	}
	return "/dev/watchdog"
}
