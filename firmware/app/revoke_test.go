package app

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/access"
	"github.com/centralita/centralita/firmware/console"
	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/testbench/expect"
)

// A password that the owner sets in the browser ends the session at the serial line and
// the one over SSH, and the sessions of nobody else.
func TestAPasswordEndsEverySession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		a := access.Open(t.TempDir(), access.Options{Cost: access.Cost{Memory: 8, Passes: 1, Lanes: 1}})
		ana, err := a.Own(ctx, "", "ana", "una frase bien larga", tel.DoorSerial, "ttyS1")
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Add(ctx, ana, "eva", tel.Technician, "otra frase bien larga", "web"); err != nil {
			t.Fatal(err)
		}
		c := console.New(console.Deps{Lang: tel.English, Access: accounts{a}, Accounts: a, Title: "Centralita"})
		sit := func(serve func(ctx context.Context, line net.Conn) error) *expect.Driver {
			near, far := net.Pipe()
			ctx, stop := context.WithCancel(ctx)
			done := make(chan error, 1)
			go func() { done <- serve(ctx, far) }()
			t.Cleanup(func() { stop(); far.Close(); near.Close(); <-done })
			return expect.New(t, near)
		}
		serial := func(ctx context.Context, line net.Conn) error {
			return c.ServeLine(ctx, "ttyS1", line, console.Sit(line), time.Hour)
		}
		hers, anas := sit(serial), sit(serial)
		hers.Do("login Eva", "Password: ")
		hers.Do("otra frase bien larga", "eva@centralita> ")
		anas.Do("login ana", "Password: ")
		anas.Do("una frase bien larga", "ana@centralita> ")
		over := make(chan error, 1)
		ssh := sit(func(ctx context.Context, line net.Conn) error {
			err := c.Shell(ctx, console.Desk{Who: tel.Who{Name: "eva", Role: tel.Technician, Via: tel.DoorSSH}, In: console.Pump(ctx, line), Out: line, Ended: a.Standing("eva")})
			over <- err
			return err
		})
		ssh.Expect("eva@centralita> ")
		if err := a.Passwd(ctx, ana, "eva", "", "la tercera frase", "web"); err != nil {
			t.Fatal(err)
		}
		hers.Expect("was changed elsewhere")
		hers.Do("people", "is for those who have logged in")
		ssh.Expect("was changed elsewhere")
		if err := <-over; err != nil && err != io.EOF {
			t.Error(err)
		}
		anas.Do("people", "eva")
	})
}
