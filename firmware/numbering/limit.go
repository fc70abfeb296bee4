package numbering

import (
	"strconv"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// Money is an amount in ten-thousandths of the office's currency.
type Money int64

// Unit is one whole of the currency.
const Unit Money = 10000

// ParseMoney reads "25", "0.35" or "0.0125".
func ParseMoney(s string) (Money, bool) {
	whole, part, dot := strings.Cut(s, ".")
	if whole == "" || len(whole) > 9 || len(part) > 4 || dot && part == "" {
		return 0, false
	}
	n, err1 := strconv.ParseUint(whole, 10, 63)
	d, err2 := strconv.ParseUint((part + "0000")[:4], 10, 63)
	if err1 != nil || err2 != nil {
		return 0, false
	}
	return Money(n)*Unit + Money(d), true
}

// String returns it with two decimals, or four when they are needed.
func (m Money) String() string {
	s := strconv.FormatInt(int64(m/Unit), 10) + "." + strconv.FormatInt(int64(m%Unit+Unit), 10)[1:]
	return strings.TrimSuffix(s, "00")
}

// Each says what has a count of its own.
type Each uint8

// Choices of Each.
const (
	EachHouse Each = iota // all calls that the limit speaks of together
	EachWay               // every line and trunk
	EachPhone             // every phone
)

// Limit caps outside calls. Of the first four what is empty matches every call; of
// the others what is zero caps nothing.
type Limit struct {
	Name    string
	Classes []Class
	Pattern string // of the number as it is dialled in the country
	Ways    []string
	Phones  []tel.Number
	Each    Each

	Calls   int           // a day
	PerDay  time.Duration // of talk
	PerCall time.Duration
	Minute  Money // what a minute costs once it has begun
	Setup   Money // what a call costs besides
	Budget  Money // a day
}

// Attempt is an outside call as the limits see it.
type Attempt struct {
	Class  Class
	Number tel.Number // as it is dialled in the country
	Phone  tel.Number // who calls
}

// speaks reports whether the limit is about calls such as a.
func (l *Limit) speaks(a Attempt) bool {
	return (len(l.Classes) == 0 || has(l.Classes, a.Class)) && (len(l.Phones) == 0 || has(l.Phones, a.Phone)) && Fits(l.Pattern, a.Number)
}

// ofWay reports whether the limit is about the way out.
func (l *Limit) ofWay(way string) bool { return len(l.Ways) == 0 || has(l.Ways, way) }

// asks reports whether it matters to the limit which way a call takes.
func (l *Limit) asks() bool { return len(l.Ways) > 0 || l.Each == EachWay }

// subject is what a call is counted under.
func (l *Limit) subject(a Attempt, way string) string {
	switch l.Each {
	case EachWay:
		return way
	case EachPhone:
		return string(a.Phone)
	}
	return ""
}

// title names the limit and whose count it is.
func (l *Limit) title(subject string) string {
	if subject == "" {
		return "limit " + l.Name
	}
	return "limit " + l.Name + " of " + subject
}

// span prints a duration without zero units: "2h", "10m", "1h30m".
func span(d time.Duration) string {
	s := d.String()
	if t, ok := strings.CutSuffix(s, "m0s"); ok {
		s = t + "m"
	}
	if t, ok := strings.CutSuffix(s, "h0m"); ok {
		s = t + "h"
	}
	return s
}
