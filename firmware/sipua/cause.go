package sipua

import (
	"strconv"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/firmware/tel"
)

// causeOf is what the final response code of an outgoing call means for us
// (RFC 3261 21.3 to 21.6; a redirection is not followed).
func causeOf(code int) tel.Cause {
	switch code {
	case 486, 600:
		return tel.CauseBusy
	case 408, 480, 487:
		return tel.CauseNoAnswer
	case 603, 607, 608:
		return tel.CauseRefused
	case 404, 410, 416, 484, 485, 604:
		return tel.CauseInvalid
	case 401, 402, 403, 407, 433:
		return tel.CauseForbidden
	case 415, 488, 606:
		return tel.CauseNoCodec
	case 500, 502, 503, 504, 580:
		return tel.CauseCongestion
	}
	if code >= 300 && code < 400 {
		return tel.CauseUnreachable
	}
	return tel.CauseError
}

// codeOf is the answer to an incoming call that ends for cause before it was answered.
func codeOf(cause tel.Cause) (int, string) {
	switch cause {
	case tel.CauseBusy:
		return 486, "Busy Here"
	case tel.CauseNoAnswer, tel.CauseUnreachable, tel.CauseTimeout, tel.CauseClosed, tel.CauseLost, tel.CauseNormal, tel.CauseFlow:
		return 480, "Temporarily Unavailable"
	case tel.CauseRefused:
		return 603, "Decline"
	case tel.CauseInvalid:
		return 404, "Not Found"
	case tel.CauseForbidden:
		return 403, "Forbidden"
	case tel.CauseNoCodec:
		return 488, "Not Acceptable Here"
	case tel.CauseCongestion, tel.CauseShutdown:
		return 503, "Service Unavailable"
	}
	return 500, "Server Internal Error"
}

// evidence is a response as the book shows it, "486 Busy Here".
func evidence(res *sip.Response) string {
	return strconv.Itoa(res.StatusCode) + " " + tel.CleanText(res.Reason).String()
}
