package tel

import "strconv"

// Role is what a person may do on the box; each may all that the one below may.
type Role uint8

// The roles. Nobody has not logged in.
const (
	Nobody     Role = iota
	AgentRole       // his own place
	Supervisor      // people, queues, night switches
	Technician      // lines, hardware, configuration, updates
	Owner           // people's accounts, keys, secrets
)

var roleNames = [...]string{Nobody: "nobody", AgentRole: "agent", Supervisor: "supervisor", Technician: "technician", Owner: "owner"}

// String returns the role's word, as documents and the book have it.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return "role " + strconv.Itoa(int(r))
}

// ParseRole reads what String wrote; Nobody is no role that a person can have.
func ParseRole(s string) (Role, bool) {
	for r, name := range roleNames {
		if name == s && Role(r) != Nobody {
			return Role(r), true
		}
	}
	return Nobody, false
}

// Who is a person at one of the doors.
type Who struct {
	Name string // of the account; for Socket and a serial line without log-in the door's name
	Role Role
	Via  Door
}

// Door is a way in.
type Door string

// The doors. Being at the serial line proves presence and no more.
const (
	DoorSocket Door = "socket" // the local socket: the file's permissions are the log-in
	DoorSerial Door = "serial"
	DoorSSH    Door = "ssh"
	DoorWeb    Door = "web"
	DoorButton Door = "button" // a button of the box
)
