package cid

import (
	"errors"
	"fmt"
)

// errEmpty is the fault of a message that says nothing.
var errEmpty = errors.New("cannot read message: it says nothing")

// Parse reads a message of type, length and body, without its checksum. The
// length and those of the parameters must fit exactly. Parameters not known are
// kept in Others. A message that says nothing is an error.
func Parse(raw []byte) (Info, error) {
	if len(raw) < 2 || int(raw[1]) != len(raw)-2 {
		return Info{}, fmt.Errorf("cannot read message: %d octets do not hold what their length says", len(raw))
	}
	body := raw[2:]
	i := Info{Type: raw[0]}
	var err error
	switch {
	case !known(i.Type):
		err = fmt.Errorf("cannot read message: type %#02x is not known", i.Type)
	case len(body) == 0:
		err = errEmpty
	case i.Type == SingleCall:
		err = i.singleCall(body)
	case i.Type == SingleWaiting:
		err = i.singleWaiting(body)
	default:
		err = i.parameters(body)
	}
	if err != nil {
		return Info{}, err
	}
	return i, nil
}

// singleCall reads date, time and number or the reason why there is none (GR-30
// § 2.4.2, single data message format).
func (i *Info) singleCall(body []byte) error {
	if len(body) <= singleNumberFirst {
		return errEmpty
	}
	if err := i.date(body[:singleNumberFirst]); err != nil {
		return err
	}
	rest := body[singleNumberFirst:]
	if len(rest) == 1 && letter(rest[0]) {
		i.NoNumber = rest[0]
		return nil
	}
	return number(&i.Number, rest)
}

// singleWaiting reads the three octets that switch the lamp.
func (i *Info) singleWaiting(body []byte) error {
	switch string(body) {
	case "BBB":
		i.Lamp = LampOn
	case "ooo":
		i.Lamp = LampOff
	default:
		return fmt.Errorf("cannot read message: a lamp is not switched by % x", body)
	}
	return nil
}

// parameters reads what consists of type, length and value.
func (i *Info) parameters(body []byte) error {
	says := false
	for len(body) > 0 {
		if len(body) < 2 || int(body[1]) > len(body)-2 {
			return fmt.Errorf("cannot read message: a parameter goes beyond its end, at % x", body[:min(len(body), 2)])
		}
		kind, value := body[0], body[2:2+int(body[1])]
		body = body[2+len(value):]
		if len(value) == 0 {
			continue
		}
		mine, err := i.parameter(kind, value)
		if err != nil {
			return err
		}
		if !mine {
			i.Others = append(i.Others, Parameter{kind, append([]byte(nil), value...)})
		}
		says = says || mine || i.Type == Charge || i.Type == ShortText
	}
	if !says {
		return errEmpty
	}
	return nil
}

// parameter takes one parameter that is not empty; mine is false when there is no
// field for it.
func (i *Info) parameter(kind byte, v []byte) (mine bool, err error) {
	switch kind {
	case ParamDate:
		err = i.date(v)
	case ParamNumber:
		err = number(&i.Number, v)
	case ParamCalled:
		err = number(&i.Called, v)
	case ParamFirstCalled:
		err = number(&i.FirstCalled, v)
	case ParamRedirecting:
		err = number(&i.Redirecting, v)
	case ParamNoNumber:
		err = reason(&i.NoNumber, v)
	case ParamNoName:
		err = reason(&i.NoName, v)
	case ParamName:
		i.Name = latin(v)
	case ParamQualifier:
		i.Qualifier = latin(v)
	case ParamDisplay:
		i.Display = latin(v)
	case ParamRedirect:
		i.Redirect = v[0]
	case ParamCallType:
		i.CallType = v[0]
	case ParamForward:
		i.Forward = v[0]
	case ParamUser:
		i.User = v[0]
	case ParamMessages:
		i.Messages = int(v[0])
	case ParamIndicator:
		if i.Lamp = LampOff; v[0] != 0 {
			i.Lamp = LampOn
		}
	default:
		return false, nil
	}
	return err == nil, err
}

func (i *Info) date(v []byte) error {
	if len(v) != 8 {
		return fmt.Errorf("cannot read message: a date of %d digits, 8 are needed", len(v))
	}
	for _, c := range v {
		if c < '0' || c > '9' {
			return fmt.Errorf("cannot read message: %q is no date", v)
		}
	}
	two := func(k int) uint8 { return (v[k]-'0')*10 + v[k+1] - '0' }
	if d := (Date{two(0), two(2), two(4), two(6)}); d.Valid() {
		i.Date = d
	}
	return nil
}

// number takes a number of characters that can be printed.
func number(to *string, v []byte) error {
	for _, c := range v {
		if c < ' ' || c > '~' {
			return fmt.Errorf("cannot read message: %q is no number", v)
		}
	}
	*to = string(v)
	return nil
}

// reason takes the letter of an absence.
func reason(to *byte, v []byte) error {
	if len(v) != 1 || !letter(v[0]) {
		return fmt.Errorf("cannot read message: %q is no reason for an absence", v)
	}
	*to = v[0]
	return nil
}

func letter(c byte) bool { return c >= 'A' && c <= 'Z' }

// latin returns Latin-1 as UTF-8.
func latin(v []byte) string {
	r := make([]rune, len(v))
	for k, c := range v {
		r[k] = rune(c)
	}
	return string(r)
}
