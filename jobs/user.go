package jobs

import "time"

// User is a user as the pool shows it.
type User struct {
	Username, Sub string
	Names         []string          // all that a job may call the user by: Username, Sub and the values of aliases
	Attributes    map[string]string // that a filter can search by: email, phone_number, name, given_name, family_name, preferred_username; nil where they are not known
	Status        Status
	Enabled       bool
	VerifiedEmail bool
	VerifiedPhone bool
	Created       time.Time
	Modified      time.Time // by the server's clock; zero where it did not say
}

// PoolFacts is what deciding about a user needs to know of the pool. What could
// not be asked for is zero, and forbids nothing.
type PoolFacts struct {
	Known         bool // the rest was asked for
	CaseSensitive bool // names that differ in case are two users
	RecoveryEmail bool // a user may recover the account by a verified e-mail address
	RecoveryPhone bool // or by a verified phone number
}

// SignOutRule says when a user is signed out everywhere beside an action. The
// zero value is never. Its number stands in run files.
type SignOutRule uint8

// The rules.
const (
	NoSignOut     SignOutRule = iota
	SignOutIfOK               // after the action succeeded
	SignOutAlways             // also where it failed, or could not be tried
)

// Invite says how Cognito tells a user of the account that was made. The zero
// value is not at all. Its number stands in run files.
type Invite uint8

// The ways.
const (
	NoInvite Invite = iota
	InviteByEmail
	InviteBySMS
)

// Creation is how a user that is missing is made.
type Creation struct {
	Attributes map[string]string // shared between tasks: do not change it
	Invite     Invite
}
