// Package numbering says what a dialled number means: an extension, a queue, a
// feature code, an emergency number, or an outside number with its class and
// the route that permits it.
//
// Three words explain it: Class (what a number costs and risks, by country),
// Route (what the office permits, and over what), Target (what was decided).
// Nothing international or premium passes until a route names that class;
// emergency numbers always pass.
package numbering

import (
	"github.com/centralita/centralita/firmware/tel"
)

// Kind is what a dialled number is.
type Kind uint8

// Kinds of target.
const (
	Unknown   Kind = iota // nothing of the plan
	Extension             // a phone of the house
	Queue                 // a queue's own extension
	Feature               // a feature code
	Emergency             // goes out on any line
	Outside               // permitted by Route
	Forbidden             // an outside number that no route permits
)

// Code is a feature.
type Code string

// Features.
const (
	Login   Code = "login"
	Logout  Code = "logout"
	Pause   Code = "pause"
	Unpause Code = "unpause"
)

// Plan is the numbering plan of one office. It is never changed.
type Plan struct {
	Country    string
	Extensions []tel.Number
	Queues     []QueueNumber
	Features   []FeatureCode
	Prefix     tel.Number // before outside numbers; may be empty
	Emergency  []tel.Number
	Routes     []Route
}

// QueueNumber is a queue that can be dialled.
type QueueNumber struct {
	Ext   tel.Number
	Queue tel.QueueID
}

// FeatureCode is a code with the arguments that may follow it. With no Args
// the code stands alone.
type FeatureCode struct {
	Code   Code
	Number tel.Number
	Args   []tel.Number
}

// Route permits outside numbers of its classes that fit its pattern.
type Route struct {
	Name    string
	Classes []Class // empty: national and mobile
	Pattern string  // X any digit, [..] one of, . the rest; empty: all
	Via     []string
	Strip   int
	Add     tel.Number
}

// Target is what a dialled number means.
type Target struct {
	Kind   Kind
	Number tel.Number // the extension; or the outside number to send, prefix taken off, route applied
	Asked  tel.Number // of Outside and Forbidden: the number as it is dialled in the country
	Queue  tel.QueueID
	Code   Code
	Arg    tel.Number // of a feature, as dialled
	Class  Class
	Route  string
	Via    []string
	Why    string // for Unknown and Forbidden: one sentence
}

// Resolve says what the complete number dialled means. allowed are the classes
// the phone may dial; nil permits what the routes permit.
func (p *Plan) Resolve(dialled tel.Number, allowed []Class) Target {
	for _, e := range p.Emergency {
		if dialled == e || p.Prefix != "" && dialled == p.Prefix+e {
			return Target{Kind: Emergency, Number: e, Class: EmergencyClass, Via: p.allVia()}
		}
	}
	for _, e := range p.Extensions {
		if dialled == e {
			return Target{Kind: Extension, Number: e}
		}
	}
	for _, q := range p.Queues {
		if dialled == q.Ext {
			return Target{Kind: Queue, Number: q.Ext, Queue: q.Queue}
		}
	}
	for _, f := range p.Features {
		if arg, ok := cut(dialled, f.Number); ok && (arg == "") == (len(f.Args) == 0) {
			return Target{Kind: Feature, Number: dialled, Code: f.Code, Arg: arg}
		}
	}
	if class, n := Classify(p.Country, dialled); class == EmergencyClass {
		return Target{Kind: Emergency, Number: n, Class: class, Via: p.allVia()}
	}
	number, ok := cut(dialled, p.Prefix)
	if len(number) > 1 && number[len(number)-1] == '#' {
		number = number[:len(number)-1] // the caller's own "that is all"
	}
	if !ok || len(number) < 3 {
		return Target{Kind: Unknown, Number: dialled, Why: "no extension, code or route fits " + string(dialled)}
	}
	return p.outside(number, allowed)
}

// outside finds the first route that permits number.
func (p *Plan) outside(number tel.Number, allowed []Class) Target {
	class, national := Classify(p.Country, number)
	if class == EmergencyClass {
		return Target{Kind: Emergency, Number: national, Class: class, Via: p.allVia()}
	}
	if !digitsOnly(national) {
		return Target{Kind: Unknown, Number: number, Why: "an outside number has digits only: " + string(number)}
	}
	t := Target{Kind: Forbidden, Number: national, Asked: national, Class: class, Why: "no route permits " + string(class) + " numbers"}
	if allowed != nil && !has(allowed, class) {
		t.Why = "this phone may not dial " + string(class) + " numbers"
		return t
	}
	for _, r := range p.Routes {
		if !r.permits(class) || !Fits(r.Pattern, national) {
			continue
		}
		send := national
		if r.Strip > 0 && r.Strip <= len(send) {
			send = send[r.Strip:]
		}
		return Target{Kind: Outside, Number: r.Add + send, Asked: national, Class: class, Route: r.Name, Via: r.Via}
	}
	return t
}

func (r Route) permits(c Class) bool {
	if len(r.Classes) == 0 {
		return c == National || c == Mobile
	}
	return has(r.Classes, c)
}

// allVia lists every way out that any route names, each once, in order.
func (p *Plan) allVia() []string {
	var out []string
	for _, r := range p.Routes {
		for _, v := range r.Via {
			if !has(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}

func has[T comparable](in []T, x T) bool {
	for _, v := range in {
		if v == x {
			return true
		}
	}
	return false
}

// cut takes prefix off n; ok is false when n does not begin with it.
func cut(n, prefix tel.Number) (rest tel.Number, ok bool) {
	if len(n) < len(prefix) || n[:len(prefix)] != prefix {
		return "", false
	}
	return n[len(prefix):], true
}

func digitsOnly(n tel.Number) bool {
	for i := 0; i < len(n); i++ {
		if n[i] < '0' || n[i] > '9' {
			return false
		}
	}
	return n != ""
}
