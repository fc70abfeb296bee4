//go:build linux && rig

package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/centralita/centralita/board/buses"
	"github.com/centralita/centralita/board/charlcd"
	"github.com/centralita/centralita/firmware/panel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/firmware/view/viewtest"
	"github.com/centralita/centralita/testbench/chips"
)

// screens: the panel's own screens, as golden in its tests, arrive on the glass with each
// key. Letters that the display lacks are own glyphs, and a lamp's sign is one.
func screens() (string, error) {
	m := chips.NewHD44780(20, 4, false) // ROM A02 has our letters
	p, err := onBus(0x27, m)
	if err != nil {
		return "", err
	}
	time.Sleep(50 * time.Millisecond)
	bus, err := buses.I2C(playedBus)
	if err != nil {
		return "", err
	}
	d, err := charlcd.OpenI2C(bus, 0x27, charlcd.A02, 20, 4)
	if err != nil {
		return "", err
	}
	store := &view.Store{}
	picture := viewtest.Calm()
	picture.Seq = 1
	store.Set(picture)
	pane := panel.New(store, d, nil, log)
	ctx, stop := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() { pane.Run(ctx) })
	pages := map[string]bool{}
	for range 12 {
		time.Sleep(300 * time.Millisecond)
		f := pane.Frame()
		var s chips.Seen
		p.look(func() { s = m.Seen() })
		for i, want := range f.Rows {
			if got := s.Rows[i]; !alike(got, want, f.Signs[i]) {
				err = fmt.Errorf("row %d shows %q, want %q", i, got, want)
			}
		}
		pages[strings.Join(f.Rows[:], "|")] = true
		if err != nil {
			break
		}
		pane.Press(panel.Next)
	}
	stop()
	ended.Wait()
	if err == nil && len(pages) < 5 {
		err = fmt.Errorf("only %d different pages in 12 keys", len(pages))
	}
	if err == nil {
		err = d.Close()
	}
	return fmt.Sprintf("%d pages by 12 keys", len(pages)), err
}

// alike compares a row on the glass with the panel's: where it marks a sign, and for
// letters beyond Latin-1, the glass shows a glyph of our own.
func alike(got, want string, signs uint32) bool {
	g, w := []rune(got), []rune(want)
	if len(g) != len(w) {
		return false
	}
	for i := range g {
		own := g[i] >= 0xE000 && g[i] < 0xE008
		if g[i] != w[i] && !(own && (signs>>i&1 == 1 || w[i] > '~')) {
			return false
		}
	}
	return true
}
