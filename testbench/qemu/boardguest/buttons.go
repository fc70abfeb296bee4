//go:build linux && rig

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/centralita/centralita/board/gpio"
	"github.com/centralita/centralita/hal/button"
)

// four are the lines of the buttons.
var four = []int{buttonLine, buttonLine + 1, buttonLine + 2, buttonLine + 3}

// wait is the next event of the buttons.
func wait(b *gpio.Buttons, within time.Duration) (button.Event, error) {
	select {
	case e, ok := <-b.Events():
		if !ok {
			return e, errors.New("the buttons are gone")
		}
		return e, nil
	case <-time.After(within):
		return button.Event{}, fmt.Errorf("nothing is told within %s", within)
	}
}

// silent reports an event where there should be none.
func silent(b *gpio.Buttons, during time.Duration) error {
	if e, err := wait(b, during); err == nil {
		return fmt.Errorf("%s is told", e)
	}
	return nil
}

// withButtons opens the four buttons for f.
func withButtons(f func(b *gpio.Buttons) (string, error)) (string, error) {
	b, err := gpio.OpenButtons(gpio.Linux(), front, true, four)
	if err != nil {
		return "", err
	}
	detail, err := f(b)
	return detail, errors.Join(err, b.Close())
}

// bounce closes or opens a contact as a contact does, for some milliseconds.
func bounce(line int, down bool) error {
	for i := range 7 {
		if err := pull(line, down == (i%2 == 0)); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

// pressed: a press of each button, with bouncing at both ends, is one press.
func pressed() (string, error) {
	return withButtons(func(b *gpio.Buttons) (string, error) {
		if err := silent(b, 100*time.Millisecond); err != nil {
			return "", fmt.Errorf("at the start: %w", err)
		}
		var late time.Duration
		for i, line := range four {
			for _, s := range []struct {
				down bool
				want button.Kind
			}{{true, button.Pressed}, {false, button.Released}} {
				begin := time.Now()
				if err := bounce(line, s.down); err != nil {
					return "", err
				}
				e, err := wait(b, time.Second)
				if err != nil || e != (button.Event{Button: i, Kind: s.want}) {
					return "", fmt.Errorf("button %d: %s, %v, want it %s", i, e, err, s.want)
				}
				late = max(late, time.Since(begin))
				if err := silent(b, 100*time.Millisecond); err != nil {
					return "", err
				}
			}
		}
		return fmt.Sprintf("4 presses with 7 edges at each end, told after %d ms at most", late.Milliseconds()), nil
	})
}

// held: a press that lasts is told as held, once.
func held() (string, error) {
	return withButtons(func(b *gpio.Buttons) (string, error) {
		begin := time.Now()
		if err := pull(four[2], true); err != nil {
			return "", err
		}
		for _, want := range []button.Kind{button.Pressed, button.Held} {
			if e, err := wait(b, 2*button.HoldTime); err != nil || e.Kind != want || e.Button != 2 {
				return "", fmt.Errorf("%s, %v, want %s", e, err, want)
			}
		}
		after := time.Since(begin)
		if err := errors.Join(silent(b, time.Second), pull(four[2], false)); err != nil {
			return "", err
		}
		if e, err := wait(b, time.Second); err != nil || e.Kind != button.Released {
			return "", fmt.Errorf("%s, %v, want released", e, err)
		}
		return fmt.Sprintf("told after %.2f s", after.Seconds()), nil
	})
}

// storm: more edges than the kernel's queue holds, and how the contact stands in the end
// is known all the same.
func storm() (string, error) {
	return withButtons(func(b *gpio.Buttons) (string, error) {
		const edges = 2000
		for i := range edges {
			if err := pull(four[0], i%2 == 0); err != nil {
				return "", err
			}
		}
		if err := pull(four[0], true); err != nil {
			return "", err
		}
		for {
			e, err := wait(b, 2*time.Second)
			if err != nil {
				return "", fmt.Errorf("it is down and %w", err)
			}
			if e.Kind == button.Pressed {
				if err := silent(b, 200*time.Millisecond); err == nil {
					break
				}
			}
		}
		if err := pull(four[0], false); err != nil {
			return "", err
		}
		e, err := wait(b, time.Second)
		if err != nil || e.Kind != button.Released {
			return "", fmt.Errorf("%s, %v, want released", e, err)
		}
		return fmt.Sprintf("%d edges at once, then pressed and released are told", edges), nil
	})
}
