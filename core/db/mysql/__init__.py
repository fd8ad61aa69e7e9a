"""Django's MySQL backend as Daybook needs it, for MariaDB and MySQL: settings name it as their ENGINE."""
