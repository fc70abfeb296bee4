package tel

// Cause says why a leg, an offer or an interaction ended. The texts are stored
// in the book and never change their meaning.
type Cause string

// Causes.
const (
	CauseNone        Cause = ""
	CauseNormal      Cause = "normal"       // somebody hung up
	CauseAbandoned   Cause = "abandoned"    // the caller hung up while waiting in a queue
	CauseBusy        Cause = "busy"         // the called party is busy
	CauseNoAnswer    Cause = "no answer"    // it rang long enough
	CauseRefused     Cause = "refused"      // the called party said no
	CauseUnreachable Cause = "unreachable"  // not registered, port dead, no battery
	CauseInvalid     Cause = "invalid"      // no such number
	CauseForbidden   Cause = "forbidden"    // no rule permits the number
	CauseCongestion  Cause = "congestion"   // no free line, trunk or capacity
	CauseCancelled   Cause = "cancelled"    // we took the attempt back
	CauseAnswered    Cause = "answered"     // somebody else answered
	CauseNoCodec     Cause = "no codec"     // no common audio format
	CauseClosed      Cause = "closed"       // the flow ended outside opening hours
	CauseFlow        Cause = "flow"         // the flow hung up
	CauseFax         Cause = "fax"          // the caller is a fax and was given to the fax port
	CauseTimeout     Cause = "timeout"      // a limit of ours was reached
	CauseLimit       Cause = "limit"        // a limit of the office on outside calls was reached
	CauseLost        Cause = "lost"         // the leg vanished: no RTP, device gone
	CausePowerLost   Cause = "power lost"   // the boot that held the call ended without a farewell
	CauseShutdown    Cause = "shutdown"     // the appliance was stopped
	CauseError       Cause = "error"        // our own fault; the evidence says which
	CauseBattery     Cause = "loop drop"    // loop current or battery fell away
	CauseReversal    Cause = "reversal"     // the exchange reversed the line
	CauseTone        Cause = "release tone" // busy, congestion or dial tone on the line
)

// By says whose act ended something first.
type By string

// Actors.
const (
	ByNobody By = ""
	ByCaller By = "caller"
	ByAgent  By = "agent"
	ByCalled By = "called" // whoever was called and is no agent of a queue
	BySystem By = "system" // a flow, a limit, a shutdown, a fault
)
