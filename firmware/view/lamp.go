package view

import (
	"fmt"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Lamp is one of the thirteen states of the one lamp language that lines,
// agents, calls, LEDs, the character display and the console share.
type Lamp uint8

// The states, in the order of the specification.
const (
	Unknown Lamp = iota
	Idle
	Ring
	Menu
	Queued
	Talk
	Hold
	Out
	Wrap
	Pause
	Warn
	Dead
	Off
)

// Colour of a two-coloured LED.
type Colour uint8

// Colours.
const (
	Dark Colour = iota
	Green
	Red
	Amber
	DimAmber // amber at a quarter of its light
)

// Blink is one part of a rhythm: Colour for Time.
type Blink struct {
	Colour Colour
	Time   time.Duration
}

// Look is how a lamp state is shown everywhere.
type Look struct {
	Name   string  // in data and CSS
	ES, EN string  // for people
	Sign   byte    // 20×4 and serial
	Rhythm []Blink // LED, repeated; one part with Time 0 is steady
}

const ms = time.Millisecond

// looks is the table of design/pages, row by row.
var looks = [...]Look{
	Unknown: {"unknown", "No se sabe", "Not known", '?', []Blink{{DimAmber, 0}}},
	Idle:    {"idle", "Libre", "Free", '.', []Blink{{Dark, 0}}},
	Ring:    {"ring", "Suena", "Ringing", '*', []Blink{{Green, 500 * ms}, {Dark, 500 * ms}}},
	Menu:    {"menu", "En menú", "In menu", '#', []Blink{{Green, 100 * ms}, {Dark, 900 * ms}}},
	Queued:  {"queue", "En cola", "Queued", ':', []Blink{{Green, 800 * ms}, {Dark, 200 * ms}}},
	Talk:    {"talk", "Habla", "Talking", 'O', []Blink{{Green, 0}}},
	Hold:    {"hold", "Retenida", "On hold", '"', []Blink{{Green, 1800 * ms}, {Dark, 200 * ms}}},
	Out:     {"out", "Marca", "Dialling", '^', []Blink{{Green, 100 * ms}, {Dark, 100 * ms}, {Green, 100 * ms}, {Dark, 700 * ms}}},
	Wrap:    {"acw", "Cierra", "Wrap-up", '=', []Blink{{Dark, 0}}},
	Pause:   {"pause", "Pausa", "Break", '-', []Blink{{Dark, 0}}},
	Warn:    {"warn", "Atención", "Attention", '!', []Blink{{Amber, 1000 * ms}, {Dark, 1000 * ms}}},
	Dead:    {"dead", "Muerta", "Dead", 'X', []Blink{{Red, 200 * ms}, {Dark, 200 * ms}, {Red, 200 * ms}, {Dark, 1400 * ms}}},
	Off:     {"off", "Apagada", "Switched off", '/', []Blink{{Dark, 0}}},
}

// Look returns how the state is shown; an impossible state looks unknown.
func (l Lamp) Look() Look {
	if int(l) >= len(looks) {
		l = Unknown
	}
	return looks[l]
}

// String returns the state's name in data and CSS.
func (l Lamp) String() string { return l.Look().Name }

// Lamps returns all states in the order of the specification.
func Lamps() []Lamp {
	all := make([]Lamp, len(looks))
	for i := range all {
		all[i] = Lamp(i)
	}
	return all
}

// In returns the state's name for people.
func (l Lamp) In(lang tel.Lang) string {
	if lang == tel.English {
		return l.Look().EN
	}
	return l.Look().ES
}

// MarshalText writes the name.
func (l Lamp) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the name.
func (l *Lamp) UnmarshalText(b []byte) error {
	for i, k := range looks {
		if k.Name == string(b) {
			*l = Lamp(i)
			return nil
		}
	}
	return fmt.Errorf("cannot read lamp state %q: no such state", b)
}
