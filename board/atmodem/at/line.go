package at

import (
	"encoding/hex"
	"strings"

	"github.com/centralita/centralita/hal/port"
)

// Meaning says what a line is.
type Meaning uint8

// Meanings of lines. What is neither Info, Ring nor Field ends a command.
const (
	Info       Meaning = iota // an answer before its result code, or anything else
	OK                        // OK, or VCON of the older set
	Error                     // ERROR in any of its forms
	Connect                   // CONNECT: sound follows
	Ring                      // RING: a burst of ring voltage
	NoCarrier                 // NO CARRIER
	Busy                      // BUSY
	NoDialtone                // NO DIALTONE
	NoAnswer                  // NO ANSWER
	Field                     // a field of caller id: Name, Value
)

// Reading is a line understood.
type Reading struct {
	Kind        Meaning
	Name, Value string // of Field; the name is one of DATE TIME NMBR NAME MESG
}

// Read says what a line of a modem means (V.250 clause 5.7, V.253 +VCID). It
// never fails: what it does not know is Info.
func Read(line string) Reading {
	l := strings.TrimSpace(line)
	switch l {
	case "OK", "VCON":
		return Reading{Kind: OK}
	case "NO CARRIER":
		return Reading{Kind: NoCarrier}
	case "BUSY":
		return Reading{Kind: Busy}
	case "NO DIALTONE", "NO DIAL TONE":
		return Reading{Kind: NoDialtone}
	case "NO ANSWER":
		return Reading{Kind: NoAnswer}
	}
	word, _, _ := strings.Cut(l, " ")
	switch {
	case word == "CONNECT":
		return Reading{Kind: Connect}
	case word == "RING" || strings.HasPrefix(l, "+CRING:"):
		return Reading{Kind: Ring}
	case word == "ERROR" || strings.HasPrefix(l, "+CME ERROR"):
		return Reading{Kind: Error}
	}
	if name, value, ok := strings.Cut(l, "="); ok {
		switch name = strings.TrimSpace(name); name {
		case "DDN_NMBR":
			name = "NMBR"
			fallthrough
		case "DATE", "TIME", "NMBR", "NAME", "MESG":
			return Reading{Kind: Field, Name: name, Value: strings.TrimSpace(value)}
		}
	}
	return Reading{Kind: Info}
}

// ID is a caller's identity as the modem tells it, raw.
type ID struct {
	Number, Name  string
	Absence       string // "P" private, "O" out of area, "" when a number is there
	Date          port.Date
	number, named bool   // which fields came
	day, time     string // as they came
}

// Whole reports whether number and name have both come.
func (i *ID) Whole() bool { return i.number && i.named }

// Any reports whether anything of use has come.
func (i *ID) Any() bool { return i.number || i.named }

// Take adds a field. DATE is MMDD and TIME is HHMM; what is none is left out. MESG is a whole message or one parameter of it, in hex.
func (i *ID) Take(r Reading) {
	switch r.Name {
	case "NMBR":
		i.setNumber(r.Value)
	case "NAME":
		i.setName(r.Value)
	case "DATE":
		i.day = r.Value
		i.setDate(i.day + i.time)
	case "TIME":
		i.time = r.Value
		i.setDate(i.day + i.time)
	case "MESG":
		i.message(r.Value)
	}
}

// setDate takes MMDDHHMM.
func (i *ID) setDate(v string) {
	if len(v) != dateLen || strings.Trim(v, "0123456789") != "" {
		return
	}
	two := func(at int) int8 { return int8(v[at]-'0')*10 + int8(v[at+1]-'0') }
	if d := (port.Date{Month: two(0), Day: two(2), Hour: two(4), Minute: two(6)}); d.Month >= 1 && d.Month <= 12 && d.Day >= 1 && d.Day <= 31 && d.Hour < 24 && d.Minute < 60 {
		i.Date = d
	}
}

func (i *ID) setNumber(v string) {
	i.number = true
	if a := absence(v); a != "" {
		i.Number, i.Absence = "", a
		return
	}
	i.Number, i.Absence = v, ""
}

func (i *ID) setName(v string) {
	i.named = true
	if absence(v) == "" {
		i.Name = v
	}
}

// absence returns "P" or "O" when v stands in the place of what is withheld.
func absence(v string) string {
	switch strings.ToUpper(v) {
	case "P", "PRIVATE", "PRIVATE NUMBER", "ANONYMOUS", "WITHHELD":
		return "P"
	case "O", "OUT OF AREA", "OUT_OF_AREA", "UNAVAILABLE", "UNKNOWN":
		return "O"
	}
	return ""
}

// Types of messages and parameters of caller id (ETSI EN 300 659-3, GR-30).
const (
	single    = 0x04 // single data message: date, time, number
	multiple  = 0x80 // multiple data message: parameters
	parDate   = 0x01
	parNumber = 0x02
	parNoNum  = 0x04
	parName   = 0x07
	parNoName = 0x08
	dateLen   = 8 // MMDDHHMM
)

// message takes caller id in hex; what does not fit is left out.
func (i *ID) message(text string) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil || len(b) < 2 {
		return // a modem's nonsense is no identity
	}
	body := b[2:]
	if n := int(b[1]); n < len(body) {
		body = body[:n] // the check sum stands behind
	}
	switch {
	case b[0] == single && len(body) > dateLen:
		i.setDate(string(body[:dateLen]))
		i.setNumber(string(body[dateLen:]))
	case b[0] == multiple:
		for len(body) >= 2 && int(body[1]) <= len(body)-2 {
			i.parameter(body[0], body[2:2+body[1]])
			body = body[2+body[1]:]
		}
	default:
		i.parameter(b[0], body)
	}
}

func (i *ID) parameter(kind byte, v []byte) {
	switch kind {
	case parNumber, parNoNum:
		i.setNumber(string(v))
	case parName, parNoName:
		i.setName(string(v))
	case parDate:
		i.setDate(string(v))
	}
}
