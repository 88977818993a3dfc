package sandbox

import "time"

// SignIn tries a password as InitiateAuth would. It returns nil if the user gets
// tokens, a Challenge if the password is right and Cognito would ask for more
// (ErrNewPasswordRequired if it is temporary), or else an *Error.
func (s *Server) SignIn(poolID, username, password string) error {
	p := s.pool(poolID)
	if p == nil {
		return errPoolNotFound(poolID)
	}
	_, challenge, err := s.signIn(p, username, password)
	switch {
	case err != nil:
		return err
	case challenge != "":
		return challenge
	}
	return nil
}

// signIn tries a password. The challenge is what the right one leads to, or empty
// if that is tokens.
func (s *Server) signIn(p *pool, username, password string) (u *user, challenge Challenge, err *Error) {
	if u = p.find(username); u == nil {
		return nil, "", errWrongPassword
	}
	validity := time.Duration(p.description().TemporaryValidityDays) * 24 * time.Hour
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case !u.enabled:
		return u, "", errUserDisabled
	case u.status == resetRequired:
		return u, "", &Error{"PasswordResetRequiredException", "Password reset required for the user"}
	case u.status == externalProvider || u.password == "" || u.password != password:
		return u, "", errWrongPassword
	case u.status == unconfirmed:
		return u, "", &Error{"UserNotConfirmedException", "User is not confirmed."}
	case u.status != forceChangePassword:
		return u, Challenge(factors[u.factor]), nil
	case s.since(u.passwordAt) > validity:
		return u, "", &Error{codeNotAuthorized, "Temporary password has expired and must be reset by an administrator."}
	}
	return u, newPasswordRequired, nil
}

// since is the time since a time in milliseconds, by the server's clock.
func (s *Server) since(ms int64) time.Duration {
	return time.Duration(s.now().UnixMilli()-ms) * time.Millisecond
}

// initiateAuth serves AdminInitiateAuth too, which names its pool.
func (s *Server) initiateAuth(c *call) (any, *Error) {
	p := c.pool
	if c.client == nil {
		return nil, errClientNotFound(c.in.ClientId)
	}
	if err := c.client.admits(c.name, &c.in); err != nil {
		return nil, err
	}
	username, password := c.in.AuthParameters["USERNAME"], c.in.AuthParameters["PASSWORD"]
	if username == "" || password == "" {
		return nil, invalidParameter("Missing required parameter USERNAME or PASSWORD")
	}
	u, challenge, err := s.signIn(p, username, password)
	if err == errWrongPassword {
		if u == nil {
			u = p.stranger(username)
		}
		u.mu.Lock()
		u.wrong++
		u.mu.Unlock()
	}
	if err != nil {
		return nil, err
	}
	if challenge != "" {
		return map[string]any{
			"ChallengeName": challenge, "Session": session(p, u),
			"ChallengeParameters": map[string]string{"USER_ID_FOR_SRP": u.name, "requiredAttributes": "[]", "userAttributes": "{}"},
		}, nil
	}
	return s.tokens(p, u, c.client), nil
}

func (s *Server) respondToAuthChallenge(c *call) (any, *Error) {
	p := c.pool
	if Challenge(c.in.ChallengeName) != newPasswordRequired {
		return nil, invalidParameter("The sandbox knows the challenge NEW_PASSWORD_REQUIRED only")
	}
	_, u, ok := s.holder(c.in.Session, "session")
	if !ok || p.find(c.in.ChallengeResponses["USERNAME"]) != u {
		return nil, &Error{codeNotAuthorized, "Invalid session for the user."}
	}
	err := s.choose(p, u, c.in.ChallengeResponses["NEW_PASSWORD"], func() *Error {
		if u.status != forceChangePassword {
			return &Error{codeNotAuthorized, "Invalid session for the user, session is expired."}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.tokens(p, u, c.client), nil
}

// choose sets the password that the user has chosen, if may allows it.
func (s *Server) choose(p *pool, u *user, password string, may func() *Error) *Error {
	var wrong violations
	if wrong.secret("newPassword", password); len(wrong) > 0 {
		return wrong.err()
	}
	policy := p.description().Policy
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := may(); err != nil {
		return err
	}
	if err := s.setPassword(policy, u, password); err != nil {
		return err
	}
	u.status = confirmed
	return nil
}

func (s *Server) forgotPassword(c *call, u *user) (any, *Error) {
	if err := s.sendCode(c, u, "forgot"); err != nil {
		return nil, err
	}
	medium, to := u.contact(c.about.Recovery)
	return map[string]any{"CodeDeliveryDetails": map[string]string{"DeliveryMedium": medium, "Destination": to[:1] + "***"}}, nil
}

func (s *Server) confirmForgotPassword(c *call) (any, *Error) {
	p := c.pool
	u := p.find(c.in.Username)
	if u == nil {
		return nil, errUserNotFound
	}
	err := s.choose(p, u, c.in.Password, func() *Error {
		switch {
		case u.code == "" || s.since(u.codeAt) > s.config.CodeLifetime:
			return &Error{"ExpiredCodeException", "Invalid code provided, please request a code again."}
		case u.code != c.in.ConfirmationCode:
			return &Error{"CodeMismatchException", "Invalid verification code provided, please try again."}
		}
		return nil
	})
	return nil, err
}

func (s *Server) changePassword(c *call) (any, *Error) {
	p, u, ok := s.holder(c.in.AccessToken, "access")
	if !ok {
		return nil, &Error{codeNotAuthorized, "Invalid Access Token"}
	}
	err := s.choose(p, u, c.in.ProposedPassword, func() *Error {
		if u.password != c.in.PreviousPassword {
			return errWrongPassword
		}
		return nil
	})
	return nil, err
}
