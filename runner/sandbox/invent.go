package sandbox

import (
	"fmt"
	"strings"
	"time"
)

// Given and family names of invented users.
var (
	givenNames = []string{"Ana", "Ben", "Chloé", "Diego", "Emi", "Femi", "Grace", "Hana", "Ivan", "Jonas", "Kim", "Lea",
		"Mats", "Nia", "Omar", "Priya", "Quentin", "Rosa", "Sven", "Tariq", "Uma", "Vera", "Wei", "Xenia", "Yusuf", "Zoë"}
	familyNames = []string{"Almeida", "Bauer", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ito", "Jansen",
		"Kowalski", "Larsen", "Mbeki", "Novak", "Okafor", "Patel", "Rossi", "Silva", "Tanaka", "Weber"}
	plainLetters = strings.NewReplacer("é", "e", "ë", "e", "í", "i")
)

// Invented returns the nth user, from 0, of a pool that nobody has: the same
// each time, but for the times, which are before now. Among a few thousand there
// are users in all states, enabled and disabled, with a verified address or
// without, of an external provider, in the groups staff and admins. No two have a
// name or an address in common.
func Invented(n int, now time.Time) User {
	given, family := givenNames[n%len(givenNames)], familyNames[n/len(givenNames)%len(familyNames)]
	name := plainLetters.Replace(strings.ToLower(given + "." + family))
	if again := n / (len(givenNames) * len(familyNames)); again > 0 {
		name = fmt.Sprintf("%s%d", name, again+1)
	}
	u := User{
		Username: name, Enabled: n%17 != 13, Status: confirmed.String(),
		Created:    now.Add(-time.Duration(1+n%900) * 24 * time.Hour),
		Modified:   now.Add(-time.Duration(1+n*7%(1+n%900)) * 24 * time.Hour),
		Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true", "given_name": given, "family_name": family},
	}
	switch at := n % 100; {
	case at < 70:
	case at < 78:
		u.Status = forceChangePassword.String()
	case at < 84:
		u.Status = resetRequired.String()
	case at < 90:
		u.Status = unconfirmed.String()
	default:
		u.Status, u.Username = externalProvider.String(), fmt.Sprintf("Google_%021d", 100_000_000+n)
	}
	switch n % 11 {
	case 3:
		u.Attributes["email_verified"] = "false"
	case 5:
		u.Attributes["phone_number"], u.Attributes["phone_number_verified"] = fmt.Sprintf("+1555%07d", n%10_000_000), "true"
	case 7:
		delete(u.Attributes, "email")
		delete(u.Attributes, "email_verified")
	}
	switch {
	case n%50 == 1:
		u.Groups = []string{"admins", "staff"}
	case n%4 == 1:
		u.Groups = []string{"staff"}
	}
	return u
}

// Invent adds so many invented users to a pool.
func (s *Server) Invent(poolID string, users int) {
	now := s.now()
	for n := range users {
		s.AddUser(poolID, Invented(n, now))
	}
}
