"""Every file that passes from one stage to another: its columns, its reader and its writer."""
