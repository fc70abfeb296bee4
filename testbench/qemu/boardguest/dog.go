//go:build linux && rig

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/board/linuxdog"
	"github.com/centralita/centralita/hal/watchdog"
)

const dogPath, dogTime = "/dev/watchdog", 4 * time.Second

func openDog() (watchdog.Dog, board.Report) {
	return linuxdog.Open(linuxdog.Config{Path: dogPath, Timeout: dogTime})
}

// dogFed: fed for three of its times the machine stays up, and asleep for three more.
func dogFed() (string, error) {
	d, r := openDog()
	if d == nil {
		return "", errors.New(r.String())
	}
	if i := d.Info(); i.Timeout != dogTime || i.Identity != "Software Watchdog" {
		return "", fmt.Errorf("it says of itself %+v", i)
	}
	for range 12 {
		time.Sleep(dogTime / 4)
		if err := d.Feed(); err != nil {
			return "", err
		}
	}
	if err := d.Close(); err != nil {
		return "", err
	}
	if err := d.Feed(); err == nil {
		return "", errors.New("closed, and it is fed")
	}
	time.Sleep(3 * dogTime)
	return r.String(), nil
}

// dogBusy: one program at a time, and a path that is no watchdog.
func dogBusy() (string, error) {
	d, r := openDog()
	if d == nil {
		return "", errors.New(r.String())
	}
	_, busy := openDog()
	if err := d.Close(); err != nil {
		return "", err
	}
	_, absent := linuxdog.Open(linuxdog.Config{Path: "/dev/watchdog7", Timeout: dogTime})
	_, other := linuxdog.Open(linuxdog.Config{Path: "/dev/null", Timeout: dogTime})
	for _, c := range []struct {
		r     board.Report
		state board.State
		why   string
	}{{busy, board.Failed, "another program feeds /dev/watchdog"}, {absent, board.Skipped, "there is no /dev/watchdog7"}, {other, board.Failed, "it is no watchdog"}} {
		if c.r.State != c.state || !strings.Contains(c.r.Why, c.why) {
			return "", fmt.Errorf("%s, want %s because %s", c.r, c.state, c.why)
		}
	}
	return busy.String(), nil
}
