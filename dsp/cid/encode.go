package cid

import "fmt"

// Encode returns the message of type, length and body that says i, without its
// checksum: in one format when i.Type is SingleCall or SingleWaiting, else in
// parameters; a Type of 0 stands for Call. Names are cut at 50 characters;
// characters beyond Latin-1 become question marks.
func Encode(i Info) ([]byte, error) {
	if i.Type == 0 {
		i.Type = Call
	}
	out := []byte{i.Type, 0}
	var err error
	switch i.Type {
	case SingleCall:
		out, err = i.appendSingle(out)
	case SingleWaiting:
		if i.Lamp == LampUntold {
			return nil, fmt.Errorf("cannot send message: it does not say whether the lamp is on")
		}
		out = append(out, map[Lamp]string{LampOn: "BBB", LampOff: "ooo"}[i.Lamp]...)
	default:
		out, err = i.appendParameters(out)
	}
	if err != nil {
		return nil, err
	}
	if len(out)-2 > maxBody {
		return nil, fmt.Errorf("cannot send message: it has %d octets, %d are possible", len(out)-2, maxBody)
	}
	out[1] = byte(len(out) - 2)
	if _, err := Parse(out); err != nil {
		return nil, fmt.Errorf("cannot send message: %w", err)
	}
	return out, nil
}

// Checksum returns the octet that follows a message: with it all add up to 0
// (GR-30 § 2.4.1; EN 300 659-1 § 5.3.4).
func Checksum(raw []byte) byte {
	var sum byte
	for _, c := range raw {
		sum += c
	}
	return -sum
}

func (i *Info) appendSingle(out []byte) ([]byte, error) {
	if !i.Date.Valid() {
		return nil, fmt.Errorf("cannot send message: %v is no date, and this format needs one", i.Date)
	}
	out = append(out, i.Date.String()...)
	if i.Number == "" {
		return append(out, orUnavailable(i.NoNumber)), nil
	}
	return append(out, i.Number...), nil
}

func orUnavailable(c byte) byte {
	if c == 0 {
		return Unavailable
	}
	return c
}

// appendParameters writes what is said. The order is that of the types, as most
// exchanges have it.
func (i *Info) appendParameters(out []byte) ([]byte, error) {
	if i.Date != (Date{}) {
		if !i.Date.Valid() {
			return nil, fmt.Errorf("cannot send message: %v is no date", i.Date)
		}
		out = param(out, ParamDate, []byte(i.Date.String()))
	}
	for _, n := range [...]struct {
		kind byte
		text string
	}{{ParamNumber, i.Number}, {ParamCalled, i.Called}, {ParamFirstCalled, i.FirstCalled}, {ParamRedirecting, i.Redirecting}} {
		if len(n.text) > maxNumber {
			return nil, fmt.Errorf("cannot send message: number %q has more than %d digits", n.text, maxNumber)
		}
		out = param(out, n.kind, []byte(n.text))
	}
	for _, t := range [...]struct {
		kind byte
		text string
	}{{ParamQualifier, i.Qualifier}, {ParamName, i.Name}, {ParamDisplay, i.Display}} {
		out = param(out, t.kind, octets(t.text, maxText))
	}
	noNumber := i.NoNumber
	if i.Type == Call && i.Number == "" {
		noNumber = orUnavailable(noNumber)
	}
	for _, b := range [...]struct{ kind, value byte }{
		{ParamNoNumber, noNumber}, {ParamNoName, i.NoName}, {ParamRedirect, i.Redirect}, {ParamCallType, i.CallType},
		{ParamMessages, byte(min(max(0, i.Messages), 255))}, {ParamForward, i.Forward}, {ParamUser, i.User},
	} {
		if b.value != 0 {
			out = param(out, b.kind, []byte{b.value})
		}
	}
	switch i.Lamp {
	case LampOn:
		out = param(out, ParamIndicator, []byte{255})
	case LampOff:
		out = param(out, ParamIndicator, []byte{0})
	}
	for _, p := range i.Others {
		if len(p.Value) > maxBody {
			return nil, fmt.Errorf("cannot send message: parameter %#02x has %d octets", p.Type, len(p.Value))
		}
		out = param(out, p.Type, p.Value)
	}
	return out, nil
}

// param appends a parameter that is not empty.
func param(out []byte, kind byte, v []byte) []byte {
	if len(v) == 0 {
		return out
	}
	return append(append(out, kind, byte(len(v))), v...)
}

// octets returns text in Latin-1, cut at most characters.
func octets(text string, most int) []byte {
	var out []byte
	for _, r := range text {
		if len(out) == most {
			break
		}
		if r > 255 {
			r = '?'
		}
		out = append(out, byte(r))
	}
	return out
}
