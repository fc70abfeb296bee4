package console

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
	"github.com/centralita/centralita/hal/serial"
	"github.com/centralita/centralita/hal/serial/serialtest"
	"github.com/centralita/centralita/testbench/expect"
)

// kept is a serial line at which one house serves after the other.
type kept struct {
	*expect.Driver
	t    *testing.T
	line serial.Line
	seat *Seat
	gate *gate
	stop context.CancelCauseFunc
	over chan error
}

// seated gives a technician a seat in a first house, in virtual time.
func seated(t *testing.T, do func(*kept)) {
	synctest.Test(t, func(t *testing.T) {
		c := &serialtest.Cable{Title: "ttyS1"}
		if err := c.Plug(); err != nil {
			t.Fatal(err)
		}
		line, err := c.Open(serial.Limits{Write: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		k := &kept{Driver: expect.New(t, c.Far()), t: t, line: line, seat: Sit(line), gate: &gate{owner: "maria", password: "correct horse"}}
		k.open()
		t.Cleanup(func() {
			k.end(nil)
			k.seat.Close()
			if err := line.Close(); err != nil {
				t.Error(err)
			}
		})
		k.Do("login maria", "Password: ")
		k.Do("correct horse", "maria@centralita> ")
		do(k)
	})
}

// open begins a house.
func (k *kept) open() {
	ctx, stop := context.WithCancelCause(context.Background())
	k.stop, k.over = stop, make(chan error, 1)
	c := New(Deps{View: func() *view.Snapshot { return house(time.Now()) }, Access: k.gate, Location: time.UTC, Lang: tel.English, Title: "Centralita 0.1.0"})
	go func() { k.over <- c.ServeLine(ctx, "ttyS1", k.line, k.seat, 10*time.Minute) }()
}

// end ends the house for a reason.
func (k *kept) end(why error) {
	k.stop(why)
	if err := <-k.over; !errors.Is(err, context.Canceled) {
		k.t.Errorf("it ended by %v", err)
	}
}

// Who sits at a line while a house makes way for another stays: what he types meanwhile
// waits, his settings and what he typed before are there.
func TestASessionOutlivesItsHouse(t *testing.T) {
	seated(t, func(k *kept) {
		k.Do("rows 40", "maria@centralita> ")
		k.Do("lang es", "maria@centralita> ")
		k.end(ErrAnew)
		k.Expect("La casa empieza de nuevo; lo que escriba espera.")
		k.Send("agents\r")
		<-time.After(3 * time.Second)
		k.open()
		k.Expect("Centralita 0.1.0")
		k.Expect("maria@centralita> agents")
		k.Expect("Bruno")
		k.Send("\x10\r") // ^P: the line before
		k.Expect("Bruno")
		if n := len(k.gate.tries); n != 1 {
			k.t.Errorf("it was entered %d times", n)
		}
		k.Send("st")
		<-time.After(10*time.Minute + time.Second)
		k.Expect("la sesión se cerró por falta de actividad")
		k.Do("agents", "es para quien ha entrado")
	})
}

// A command that is typed while the house ends is done by the next one, and one that
// runs is stopped.
func TestACommandBetweenTwoHouses(t *testing.T) {
	seated(t, func(k *kept) {
		k.Send("lines watch\r")
		k.Expect("L1")
		k.end(ErrAnew)
		k.Expect("The house starts anew; what you type waits.")
		k.open()
		k.Do("agents", "Bruno")
	})
}

// Nobody stays whose account changed or is gone, or who had not entered; an end for good
// keeps nothing.
func TestWhoDoesNotStay(t *testing.T) {
	for name, c := range map[string]struct {
		why    error
		before func(*kept) // the end of the first house
		after  func(*kept)
	}{
		"the password changed at the last moment":    {ErrAnew, func(k *kept) { k.gate.change(); k.Expect("changed elsewhere") }, nil},
		"the password changed while the house ended": {ErrAnew, nil, func(k *kept) { k.gate.change() }},
		"the account is gone":                        {ErrAnew, nil, func(k *kept) { k.gate.owner = "ana" }},
		"a backup brought other accounts":            {ErrAnew, nil, func(k *kept) { k.seat.Vacate() }},
		"he left":                                    {ErrAnew, func(k *kept) { k.Do("exit", "Logged out.") }, nil},
		"the end for good":                           {nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			seated(t, func(k *kept) {
				if c.before != nil {
					c.before(k)
				}
				k.end(c.why)
				if c.after != nil {
					c.after(k)
				}
				k.open()
				k.Expect("Centralita 0.1.0")
				k.Do("agents", "is for those who have logged in")
				if strings.Contains(k.String()[strings.LastIndex(k.String(), "Centralita 0.1.0"):], "maria@") {
					t.Error("he is in")
				}
			})
		})
	}
}

// The time without a key is counted through another house, with the warning before its
// end; a key between the two houses begins it anew.
func TestTheTimeoutThroughAnotherHouse(t *testing.T) {
	seated(t, func(k *kept) {
		<-time.After(8 * time.Minute)
		k.end(ErrAnew)
		k.open()
		k.Expect("maria@centralita> ")
		<-time.After(time.Minute + time.Second)
		k.Expect("No activity: the session ends in")
		<-time.After(time.Minute)
		k.Expect("the session was closed for want of activity")
	})
	seated(t, func(k *kept) {
		<-time.After(8 * time.Minute)
		k.end(ErrAnew)
		k.Send("ag")
		k.open()
		k.Expect("maria@centralita> ag")
		<-time.After(5 * time.Minute)
		k.Do("ents", "Bruno")
	})
}
