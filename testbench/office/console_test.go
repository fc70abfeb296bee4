package office

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/centralita/centralita/firmware/app"
	"github.com/centralita/centralita/hal/serial"
	"github.com/centralita/centralita/hal/serial/serialtest"
	"github.com/centralita/centralita/testbench/expect"
)

// sitDown starts an office with serial lines, of which one is plugged in, and puts a
// technician at it.
func sitDown(t *testing.T, f func(*Office, *expect.Driver, map[string]*serialtest.Cable)) {
	pack, err := Pack(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Replace(document, "fxs: 2}", "fxs: 2, console: [/dev/ttyS1, /dev/ttyGS0]}", 1)
	synctest.Test(t, func(t *testing.T) {
		cables := map[string]*serialtest.Cable{"/dev/ttyS1": {Title: "/dev/ttyS1"}, "/dev/ttyGS0": {Title: "/dev/ttyGS0"}}
		_ = cables["/dev/ttyS1"].Plug() // it cannot fail
		d := expect.New(t, cables["/dev/ttyS1"].Far())
		o := OpenWith(t, 3, doc, pack, func(out *app.Outside) {
			out.Console = func(path string) serial.Device { return cables[path] }
		})
		defer o.Stop()
		f(o, d, cables)
	})
}

// claim makes maria the owner at the line.
func claim(d *expect.Driver) {
	d.Expect("centralita> ")
	d.Do("claim", "Nombre: ")
	d.Do("maria", "Contraseña nueva: ")
	d.Do("tres tristes tigres", "Otra vez: ")
	d.Do("tres tristes tigres", "maria@centralita> ")
}

// A new box at its serial lines: one is there and one is not, as `board` says; it is
// claimed without a network, the book has it; pulling the plug logs out, and the other
// line is taken as soon as it is there.
func TestSerialConsole(t *testing.T) {
	sitDown(t, func(o *Office, d *expect.Driver, cables map[string]*serialtest.Cable) {
		code, _ := o.House().Code()
		if code == "" {
			o.T.Fatal("a new box has no code")
		}
		d.Expect("Centralita " + app.Version + " · Prueba")
		d.Expect(code)
		claim(d)
		d.Do("board", "/dev/ttyGS0: omitido porque no hay tal dispositivo")
		d.Do("lines", "L2")
		d.Do("agent login ana 201", "Ana: en su puesto")
		c := cables["/dev/ttyS1"]
		o.must(c.Unplug())
		<-time.After(3 * time.Second)
		o.must(c.Plug())
		d.Expect("Para entrar: login")
		d.Do("lines", "es para quien ha entrado")
		other := cables["/dev/ttyGS0"]
		o.must(other.Plug())
		g := expect.New(o.T, other.Far())
		g.Expect("Para entrar: login") // within the longest wait
		g.Do("login maria", "Contraseña: ")
		g.Do("tres tristes tigres", "Hola, maria (dueño).")
		g.Do("board", "/dev/ttyGS0: cargado")
		g.Do("book tail 5", "access")
		<-time.After(2 * time.Second) // the book writes in groups
		var seen []string
		for _, row := range o.Facts() {
			if f, err := row.Fact(); err == nil && strings.HasPrefix(string(f.Kind), "access.") {
				seen = append(seen, fmt.Sprintf("%s %s %s %s", f.Kind, f.Name, f.State, f.Evidence))
			}
		}
		if got, want := strings.Join(seen, "; "), "access.claimed maria serial serial; access.login maria serial /dev/ttyGS0"; got != want {
			o.T.Errorf("the book has %q, not %q", got, want)
		}
		if strings.Contains(d.String()+g.String(), "tigres") {
			o.T.Error("the password is on a screen")
		}
	})
}

// A terminal that takes nothing does not hold the house: a call goes on, and the house
// ends in time.
func TestStalledConsole(t *testing.T) {
	sitDown(t, func(o *Office, d *expect.Driver, _ map[string]*serialtest.Cable) {
		claim(d)
		d.Do("page off", "> ")
		for range 40 {
			d.Send("help\r")
		}
		d.Pause()
		d.Send(strings.Repeat("status --json\r", 60))
		began := time.Now()
		o.must(o.House().Messages(o.T.Context(), "201", 3))
		if took := time.Since(began); took > time.Second {
			o.T.Errorf("an order took %s while the terminal stood still", took)
		}
		<-time.After(time.Minute)
		d.Resume()
		d.Send("\r")
		d.Expect("Para entrar: login")
	})
}
