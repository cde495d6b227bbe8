"""People: how they log in, by single sign-on too, second factors, sessions, and what their groups allow."""
