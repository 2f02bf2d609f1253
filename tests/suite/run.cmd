@echo off
rem Runs the nt-suite from any folder, a read-only CD included, and removes all that it made.
rem
rem   run.cmd [--user|--elevated] [--out FILE] [--from ROW] [--serial COM1] [other options of suite.exe]
rem
rem The programs are copied to a new folder in the user's profile, beside the folder the rows work
rem in: programs may not lie in a writable root, and TEMP is no place for a root. No prompt, no
rem window; the last line is the summary, and the exit code is 0 only when nothing failed.
setlocal DisableDelayedExpansion
set "SUITE_CODE=3"
set "SUITE_DIR=%USERPROFILE%\sbx-nt-suite-%RANDOM%%RANDOM%"
if exist "%SUITE_DIR%" set "SUITE_DIR=%SUITE_DIR%-%RANDOM%"
set "SUITE_STATE=%LOCALAPPDATA%\AgentSandbox"
if "%LOCALAPPDATA%"=="" set "SUITE_STATE=%USERPROFILE%\Local Settings\Application Data\AgentSandbox"
set "SUITE_HAD_STATE="
if exist "%SUITE_STATE%" set "SUITE_HAD_STATE=1"
rem A path given with --out is relative to where the caller is, not to where the programs are.
mkdir "%SUITE_DIR%\bin" 2>nul
if not exist "%SUITE_DIR%\bin" goto cannot
for %%F in (suite.exe probe.exe agent.exe command-runner.exe sandbox-setup.exe sandbox-events.dll setupsteps.exe hopdriver.exe hopchild.exe) do if exist "%~dp0%%F" copy /b /y "%~dp0%%F" "%SUITE_DIR%\bin\%%F" >nul
if not exist "%SUITE_DIR%\bin\suite.exe" goto incomplete
"%SUITE_DIR%\bin\suite.exe" --work "%SUITE_DIR%\work" %*
set "SUITE_CODE=%ERRORLEVEL%"
goto clean
:cannot
echo Bail out! cannot make "%SUITE_DIR%"
goto end
:incomplete
echo Bail out! suite.exe could not be copied from "%~dp0"
:clean
rem Files from a CD are read-only.
attrib -r "%SUITE_DIR%\*" /s >nul 2>nul
rd /s /q "%SUITE_DIR%" >nul 2>nul
if exist "%SUITE_DIR%" echo # left behind: "%SUITE_DIR%"
if not defined SUITE_HAD_STATE if exist "%SUITE_STATE%" rd /s /q "%SUITE_STATE%" >nul 2>nul
:end
endlocal & exit /b %SUITE_CODE%
