package config

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
)

// Update says where the box gets new versions of itself, and when it starts them.
type Update struct {
	URL      string // of a bundle, {board} stands for the board; empty: it looks for none
	Ring     string // "canary", "early" or "broad": how early it takes part in a release
	From, To time.Duration
	Off      bool // it looks for none by itself
}

// update reads where updates come from.
func (r *reader) update(f *place.Fields) {
	u := &r.cfg.Update
	u.URL = f.Text("url", "")
	u.Ring = f.Enum("ring", "broad", "canary", "early", "broad")
	u.Off = f.Bool("off", false)
	if at, err := url.Parse(strings.ReplaceAll(u.URL, "{board}", "x")); u.URL != "" && (err != nil || at.Scheme != "https" || at.Host == "" || at.User != nil) {
		r.sink.Report(f.At("url"), fmt.Sprintf("%s is no address for updates", place.Quote(u.URL)), "they come by https, without a name and a password in the address",
			"write one such as https://updates.example.net/stable/{board}.ctl")
	}
	text := f.Text("window", "02:00-05:00")
	var ok bool
	if u.From, u.To, ok = window(text); !ok {
		r.sink.Report(f.At("window"), fmt.Sprintf("%s is no window", place.Quote(text)), "it is two times of the day, or always", "write one such as 02:00-05:00")
	}
	f.Done()
}

// window reads HH:MM-HH:MM; "always" is two equal times.
func window(s string) (from, to time.Duration, ok bool) {
	if s == "always" {
		return 0, 0, true
	}
	a, b, _ := strings.Cut(s, "-")
	t, err := time.Parse("15:04", strings.TrimSpace(a))
	u, uerr := time.Parse("15:04", strings.TrimSpace(b))
	midnight := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	from, to = t.Sub(midnight), u.Sub(midnight)
	return from, to, err == nil && uerr == nil && from != to
}
