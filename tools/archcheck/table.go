package main

// module is the path that every import of ours begins with.
const module = "github.com/centralita/centralita"

// folders are the top level; nothing else may hold Go files.
var folders = []string{"board", "dsp", "firmware", "hal", "testbench", "tools"}

// row says what packages that match its pattern may import and may not call.
// Patterns are paths under the module; /** at the end means the package and
// everything below. The first row that matches a package counts.
type row struct {
	packages string
	ours     []string // of our packages it may import these; its own row's packages always
	never    []string // of everybody else's packages it may never import these; /** also below
	alien    bool     // it may import other people's modules
	virtual  bool     // time comes in: it may not ask the clock nor wait
}

// What pure code never touches.
var (
	arithmetic = []string{"time", "os/**", "net/**", "sync/**", "context", "log/**", "math/rand/**", "database/sql"}
	machine    = []string{"os/**", "net/**", "sync/**", "context", "log/**", "math/rand/**", "database/sql"}
)

// table is "Who may import whom" of design/house.md. A package that no row
// matches is an error: it gets its row in the commit that adds it.
var table = []row{
	{packages: "dsp/g711", ours: []string{"dsp/**"}, never: arithmetic, alien: true}, // the tables come from zaf/g711
	{packages: "dsp/**", ours: []string{"dsp/**"}, never: arithmetic},

	{packages: "hal/**", ours: []string{"dsp/pcm", "hal/**"}, never: []string{"net/**", "database/sql"}},
	{packages: "board/**", ours: []string{"hal/**", "dsp/**", "board/**"}, never: []string{"database/sql"}, alien: true},

	{packages: "firmware/tel", never: []string{"**"}}, // but strconv
	{packages: "firmware/numbering", ours: []string{"firmware/tel"}, never: machine, virtual: true},
	{packages: "firmware/line", ours: []string{"firmware/tel", "hal/port"}, never: machine, virtual: true},
	{packages: "firmware/doctor", ours: []string{"firmware/tel", "hal/port", "dsp/linecheck"}, never: machine, virtual: true},
	{packages: "firmware/call", ours: []string{"firmware/tel"}, never: machine, virtual: true},
	{packages: "firmware/acd", ours: []string{"firmware/tel"}, never: machine, virtual: true},
	{packages: "firmware/dialer", ours: []string{"firmware/tel"}, never: machine, virtual: true},
	{packages: "firmware/ivr", ours: []string{"firmware/tel", "firmware/ivr/flow"}, never: machine, virtual: true},
	{packages: "firmware/ivr/flow", ours: []string{"firmware/tel", "firmware/config/place"}, never: machine, virtual: true},

	{packages: "firmware/exchange", ours: []string{"firmware/tel", "firmware/line", "firmware/call", "firmware/ivr", "firmware/ivr/flow",
		"firmware/acd", "firmware/dialer", "firmware/doctor", "firmware/numbering", "firmware/view", "firmware/trace", "hal/port"},
		never: []string{"net/**", "os/**", "database/sql"}},
	{packages: "firmware/view/viewtest", ours: []string{"firmware/tel", "firmware/view"}},
	{packages: "firmware/view", ours: []string{"firmware/tel"}, never: []string{"net/**", "os/**", "database/sql"}},
	{packages: "firmware/trace", ours: []string{"firmware/tel"}, never: []string{"net/**", "database/sql"}},

	{packages: "firmware/media/**", ours: []string{"firmware/tel", "dsp/**", "hal/port", "firmware/media/**"}, never: []string{"database/sql"}, alien: true},
	{packages: "firmware/sipua/**", ours: []string{"firmware/tel", "firmware/sipua/**"}, never: []string{"database/sql"}, alien: true},
	{packages: "firmware/webphone", ours: []string{"firmware/tel"}, alien: true},
	{packages: "firmware/lookup", ours: []string{"firmware/tel"}, alien: true},
	{packages: "firmware/access/claim", never: machine, virtual: true},
	{packages: "firmware/access", ours: []string{"firmware/tel", "firmware/view", "firmware/durable", "firmware/gatehouse", "firmware/access/claim"}, never: []string{"net/http/**", "database/sql"}, alien: true},
	{packages: "firmware/prompt", ours: []string{"firmware/tel", "dsp/pcm", "dsp/g711", "dsp/wav"}, never: []string{"net/**"}},
	{packages: "firmware/book", ours: []string{"firmware/tel", "firmware/call"}, never: []string{"net", "net/http/**"}, alien: true},
	{packages: "firmware/uplink/**", ours: []string{"firmware/tel", "firmware/book", "firmware/uplink/**"}, alien: true},

	{packages: "firmware/config/place", never: []string{"os/**", "net/**", "log/**"}, alien: true},                               // reads text, knows no field
	{packages: "firmware/config/spanish", ours: []string{"firmware/config/place"}, never: []string{"os/**", "net/**", "log/**"}}, // words for problems
	{packages: "firmware/config/secret", ours: []string{"firmware/durable"}},
	{packages: "firmware/backup", never: []string{"net/**", "database/sql"}, alien: true},                                      // one file for a box; knows no part of it
	{packages: "firmware/config/amend", ours: []string{"firmware/config/place"}, never: []string{"os/**", "net/**", "log/**"}}, // changes text, knows no field
	{packages: "firmware/config/life", ours: []string{"firmware/durable", "firmware/tel"}, never: []string{"net/**", "database/sql"}},
	{packages: "firmware/config", ours: []string{"firmware/tel", "firmware/numbering", "firmware/ivr/flow", "firmware/config/**",
		"board/models"}, alien: true}, // the boards' files are data
	{packages: "firmware/health", ours: []string{"firmware/tel", "firmware/view"}, never: []string{"database/sql"}, alien: true},
	{packages: "firmware/durable"},
	{packages: "firmware/reach", never: []string{"os/**", "net/http/**", "database/sql"}}, // words for errors
	{packages: "firmware/gatehouse", never: []string{"os/**", "database/sql"}},
	{packages: "firmware/lan", ours: []string{"firmware/tel", "firmware/durable", "firmware/config/place"}, never: []string{"database/sql"}, alien: true},
	{packages: "firmware/provision", ours: []string{"firmware/lan", "firmware/durable", "firmware/config/place", "firmware/config/spanish"}, never: []string{"net/http/**", "database/sql"}},
	{packages: "firmware/confine", never: []string{"net/**", "database/sql"}, alien: true}, // x/sys: Landlock, seccomp
	{packages: "firmware/stick", ours: []string{"firmware/tel"}, never: []string{"net/**", "database/sql"}},
	{packages: "firmware/wipe", ours: []string{"firmware/durable"}, never: []string{"net/**", "database/sql"}, alien: true},           // x/sys: TRIM
	{packages: "firmware/keeper", ours: []string{"firmware/tel", "firmware/gatehouse"}, never: []string{"database/sql"}, alien: true}, // x/sys: who asks
	{packages: "firmware/keeper/chores", ours: []string{"firmware/keeper", "firmware/lan", "firmware/wipe", "firmware/durable"},
		never: []string{"database/sql"}, alien: true},
	{packages: "firmware/clock/sntp", ours: []string{"firmware/clock"}, never: []string{"database/sql", "os/**"}, alien: true},
	{packages: "firmware/clock/sources", ours: []string{"firmware/clock"}, never: []string{"database/sql"}, alien: true},
	{packages: "firmware/clock", never: machine, virtual: true},
	{packages: "firmware/redact", never: []string{"os/**", "net", "net/http/**", "database/sql"}},
	{packages: "firmware/support", ours: []string{"firmware/redact"}, never: []string{"net/**", "database/sql"}},
	{packages: "firmware/logring", ours: []string{"firmware/redact"}, never: []string{"net/**", "database/sql"}},
	{packages: "firmware/syslog", ours: []string{"firmware/redact"}, never: []string{"database/sql"}},
	{packages: "firmware/update/ctl", ours: []string{"firmware/tel"}, never: []string{"net/**", "database/sql"}},
	{packages: "firmware/mbr", never: append([]string{"time"}, machine...)},
	{packages: "firmware/update/trial", never: machine, virtual: true},
	{packages: "firmware/update/rollout", ours: []string{"firmware/tel", "firmware/update/ctl"}, never: machine, virtual: true},
	{packages: "firmware/update/**", ours: []string{"firmware/tel", "firmware/durable", "firmware/reach", "firmware/update/**", "hal/slot"}, never: []string{"database/sql"}, alien: true},

	{packages: "firmware/panel", ours: []string{"firmware/view", "firmware/config", "firmware/health", "firmware/tel", "firmware/trace",
		"hal/display", "hal/display/dots", "hal/led", "hal/button"}, never: []string{"database/sql"}, alien: true},
	{packages: "firmware/sshd", ours: []string{"firmware/tel", "firmware/durable", "firmware/gatehouse"}, never: []string{"database/sql"}, alien: true},
	{packages: "firmware/console/edit", never: machine, virtual: true},
	{packages: "firmware/console", ours: []string{"firmware/gatehouse", "firmware/view", "firmware/config", "firmware/config/life", "firmware/config/spanish", "firmware/health", "firmware/tel", "firmware/trace", "firmware/console/edit", "firmware/lan", "firmware/stick", "firmware/update/slotwire"}, alien: true},
	{packages: "firmware/web/**", ours: []string{"firmware/view", "firmware/config", "firmware/health", "firmware/tel", "firmware/trace",
		"firmware/web/**", "firmware/durable", "firmware/gatehouse"}, never: []string{"database/sql"}, alien: true},

	{packages: "firmware/app", ours: []string{"board/**", "dsp/**", "firmware/**", "hal/**"}, alien: true},
	{packages: "firmware/rescue", ours: []string{"firmware/update/slotwire"}, never: []string{"os/**", "net/**", "database/sql"}},
	{packages: "firmware/cmd/rescue", ours: []string{"firmware/rescue", "firmware/mbr", "firmware/stick", "firmware/update/**", "board/abslot", "hal/slot"}, alien: true},
	{packages: "firmware/cmd/**", ours: []string{"firmware/**"}, alien: true},

	{packages: "tools/**", ours: []string{"board/**", "dsp/**", "firmware/**", "hal/**", "tools/**"}, alien: true},
	{packages: "testbench/**", ours: []string{"board/**", "dsp/**", "firmware/**", "hal/**", "testbench/**", "tools/debian", "tools/cpio"}, alien: true},
}

// closed are packages that only those named may import, whatever their row says.
var closed = map[string][]string{
	"testbench/**":    {"testbench/**"}, // and tests
	"firmware/app":    {"firmware/cmd/**", "testbench/**"},
	"firmware/cmd/**": {"testbench/**"},
}

// noExec may not start programs: what runs on the board runs in one process.
var noExec = []string{"firmware/**", "dsp/**", "hal/**", "board/**"}

// mayExec are the exceptions of noExec with their reasons.
var mayExec = map[string]string{
	"firmware/keeper/chores": "busybox's DHCP client, which has met every server there is, runs beside the keeper",
}

// clock are the calls that virtual packages may not make.
var clock = []string{"Now", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Since", "Until"}

// Lines of a file: above alarm it needs a reason here.
const alarm = 500

// long is the list of files above the alarm with the reason for each; none has one now.
var long = map[string]string{}

// unsized are trees whose files are data or pages.
var unsized = []string{"firmware/web/ui"}
