// Package register is the registrar's judgement: who a request comes from
// (digest, RFC 7616 and RFC 8760), whether its source guesses too much (Guard)
// and where an extension can be reached (Table, RFC 3261 section 10.3).
//
// It holds no clock and no socket: every call brings the instant, so that a
// test runs an hour in a microsecond. All types may be used by several
// goroutines at once.
//
// A REGISTER goes through it like this:
//
//	ans := auth.Check(now, register.Request{Method: "REGISTER", URI: req.Recipient.String(),
//		Source: src.Addr(), Authorization: values of all Authorization headers})
//	switch ans.Outcome {
//	case register.Banned:   // say nothing
//	case register.Accepted: // ans.User is proven; ans.User must be the To user, else 403
//	default:                // 401 with one WWW-Authenticate per ans.Challenges
//	}
//	up, err := register.Read(req, src)  // *Refused carries the status code
//	change, err := table.Apply(now, ext, up)
package register
